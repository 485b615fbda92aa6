"""Makes what is handed out: bundles for students and teachers, packages for otter-grader."""
