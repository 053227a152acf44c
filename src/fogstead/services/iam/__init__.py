"""AWS Identity and Access Management: the people, keys, roles and policies of an account."""
