"""The other service: reacts to secrets, calls the secrets' service, and has tags as a map."""
