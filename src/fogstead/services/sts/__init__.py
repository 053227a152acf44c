"""AWS Security Token Service: who is calling, and temporary credentials for users, roles and federated users."""
