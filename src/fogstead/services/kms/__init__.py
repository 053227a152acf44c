"""AWS Key Management Service: keys that never leave the cloud in the plain, and what is done with them."""
