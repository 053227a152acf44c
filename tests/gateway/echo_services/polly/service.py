"""Declares nothing: only its endpoints matter."""

from fogstead.kernel.service import Service

polly = Service("polly")
