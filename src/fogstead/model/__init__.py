"""botocore's models as data: what every service, operation and shape is called and must look like."""

from fogstead.model.service import Operation, ServiceModel
from fogstead.model.shapes import Shape

__all__ = ["Operation", "ServiceModel", "Shape"]
