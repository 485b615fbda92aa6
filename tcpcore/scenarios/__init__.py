"""Scenarios: small worlds with a question, ready to run, step and change."""
