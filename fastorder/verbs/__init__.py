"""What a trader calls: the verbs of both executors."""
