"""One resource with everything the kernel offers: pages, tags, tokens, a policy, waiting, jobs and events."""
