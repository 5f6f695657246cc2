"""What a topic may be called."""

TOPIC = r"^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$(?!\n)"  # `$` alone lets a last newline pass
TOPIC_WORDS = "1 to 249 letters, digits, '.', '_' or '-' (not '.' or '..')"
