"""Services that exist for the kernel's tests only, on real models."""
