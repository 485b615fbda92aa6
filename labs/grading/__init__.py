"""Grades a folder of submissions: finds them, runs them side by side, writes grades."""
