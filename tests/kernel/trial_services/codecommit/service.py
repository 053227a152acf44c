"""What the trial service declares."""

from __future__ import annotations

from fogstead.kernel.service import Service

codecommit = Service("codecommit")

RepositoryDoesNotExist = codecommit.error("RepositoryDoesNotExistException", "The repository does not exist.")
InvalidTagsMap = codecommit.error("InvalidTagsMapException", "The map of tags is not valid.")
