"""What runs on a worker: FFmpeg's command lines, what they need of a machine, and the tasks that run them."""
