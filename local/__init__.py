"""What makes the product run without Azure: a Functions host, a simulated Microsoft 365, and commands for both."""
