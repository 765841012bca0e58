"""What developers and the release run; nothing of it is shipped."""
