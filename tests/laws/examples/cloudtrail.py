"""Valid input for CloudTrail."""

from __future__ import annotations

import json
from typing import Any

from laws.examples import Examples, fresh

_SELECTORS = [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]


class CloudTrailExamples(Examples):
    """Trails with a bucket of their own, event data stores, and queries over them."""

    service = "cloudtrail"

    def make(self, resource: str) -> dict[str, Any]:
        return {"Trail": self._trail, "EventDataStore": self._store, "Query": self._query}[resource]()

    def delete(self, resource: str, pointers: dict[str, Any]) -> None:
        if resource == "Trail":
            self.does("DeleteTrail", {"Name": pointers["Name"]})
        else:  # restoring has deleted it already
            self.caller.call(self.service, "DeleteEventDataStore", {"EventDataStore": pointers["EventDataStore"]})

    def input_of(self, operation: str, pointers: dict[str, Any] | None = None) -> dict[str, Any]:
        specific = getattr(self, f"_for_{operation}", None)
        if specific is not None:
            given: dict[str, Any] = specific(pointers)
            return given
        if "Trail" in operation or operation.endswith("Logging"):
            return {"Name": (pointers or self._trail())["Name"]}
        if "EventDataStore" in operation or operation == "ListQueries":
            return {"EventDataStore": (pointers or self._store())["EventDataStore"]}
        return {"QueryId": (pointers or self._query())["QueryId"]}

    # ------------------------------------------------------------- made
    def _bucket(self) -> str:
        bucket, account = fresh(f"logs-{self.caller.account}"), self.caller.account
        place = {"LocationConstraint": self.caller.region} if self.caller.region != "us-east-1" else None
        more = {"CreateBucketConfiguration": place} if place else {}
        self.caller.does("s3", "CreateBucket", {"Bucket": bucket, **more})
        allow = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
        source = {"Condition": {"StringEquals": {"aws:SourceAccount": account}}}
        statements = [
            {**allow, **source, "Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{bucket}"},
            {**allow, **source, "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*"},
        ]
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.caller.does("s3", "PutBucketPolicy", {"Bucket": bucket, "Policy": document})
        return bucket

    def _trail(self, **more: Any) -> dict[str, Any]:
        name = fresh("trail")
        made = self.does("CreateTrail", {"Name": name, "S3BucketName": self._bucket(), **more})
        return self._trail_pointers(name, made["TrailARN"])

    def _trail_pointers(self, name: str, arn: str) -> dict[str, Any]:
        return {"Called": name, "Name": arn, "TrailName": arn, "ResourceId": arn, "ResourceIdList": [arn]}

    def _store(self, **more: Any) -> dict[str, Any]:
        given = {"Name": fresh("lake"), "TerminationProtectionEnabled": False, **more}
        return self._store_pointers(self.does("CreateEventDataStore", given)["EventDataStoreArn"])

    def _store_pointers(self, arn: str) -> dict[str, Any]:
        return {"EventDataStore": arn, "QueryStatement": f"SELECT eventName FROM {arn.rpartition('/')[2]} LIMIT 1"}

    def _query(self, rows: int = 0, **more: Any) -> dict[str, Any]:
        """A query that has ended, with made-up rows."""
        here = self._store(**more)
        store = here["EventDataStore"].rpartition("/")[2]
        values = ", ".join(f"'row {number}'" for number in range(rows)) or "'none'"
        statement = (
            f"SELECT n FROM (SELECT unnest([{values}]) AS n) "
            f"WHERE NOT EXISTS (SELECT 1 FROM {store} WHERE eventName = 'None')"
        )
        query = self.does("StartQuery", {"QueryStatement": statement})["QueryId"]
        return {**here, "QueryId": self._ended(query)}

    def _ended(self, query: str) -> str:
        while self.does("DescribeQuery", {"QueryId": query})["QueryStatus"] in {"QUEUED", "RUNNING"}:
            pass
        return query

    # ------------------------------------------------------------- by operation
    def _for_CreateTrail(self, _here: dict[str, Any] | None) -> dict[str, Any]:
        return {"Name": fresh("trail"), "S3BucketName": self._bucket()}

    def _for_UpdateTrail(self, here: dict[str, Any] | None) -> dict[str, Any]:
        return {"Name": (here or self._trail())["Name"], "EnableLogFileValidation": True}

    def _for_DescribeTrails(self, _here: dict[str, Any] | None) -> dict[str, Any]:
        return {"trailNameList": [], "includeShadowTrails": True}

    def _for_ListTrails(self, _here: dict[str, Any] | None) -> dict[str, Any]:
        return {}

    def _for_ListEventDataStores(self, _here: dict[str, Any] | None) -> dict[str, Any]:
        return {}

    def _for_ListPublicKeys(self, _here: dict[str, Any] | None) -> dict[str, Any]:
        return {}

    def _for_LookupEvents(self, _here: dict[str, Any] | None) -> dict[str, Any]:
        return {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "CreateQueue"}]}

    def _for_GetEventSelectors(self, here: dict[str, Any] | None) -> dict[str, Any]:
        return {"TrailName": (here or self._trail())["TrailName"]}

    _for_GetInsightSelectors = _for_GetEventSelectors

    def _for_PutEventSelectors(self, here: dict[str, Any] | None) -> dict[str, Any]:
        return {"TrailName": (here or self._trail())["TrailName"], "AdvancedEventSelectors": _SELECTORS}

    def _for_AddTags(self, here: dict[str, Any] | None) -> dict[str, Any]:
        tags = [{"Key": "team", "Value": "blue"}, {"Key": "stage", "Value": "test"}]
        return {"ResourceId": (here or self._trail())["ResourceId"], "TagsList": tags}

    def _for_RemoveTags(self, here: dict[str, Any] | None) -> dict[str, Any]:
        return {"ResourceId": (here or self._trail())["ResourceId"], "TagsList": [{"Key": "team"}]}

    def _for_ListTags(self, here: dict[str, Any] | None) -> dict[str, Any]:
        return {"ResourceIdList": (here or self._trail())["ResourceIdList"]}

    def _for_CreateEventDataStore(self, _here: dict[str, Any] | None) -> dict[str, Any]:
        return {"Name": fresh("lake"), "AdvancedEventSelectors": _SELECTORS}

    def _for_UpdateEventDataStore(self, here: dict[str, Any] | None) -> dict[str, Any]:
        return {"EventDataStore": (here or self._store())["EventDataStore"], "RetentionPeriod": 90}

    def _for_RestoreEventDataStore(self, here: dict[str, Any] | None) -> dict[str, Any]:
        given = {"EventDataStore": (here or self._store())["EventDataStore"]}
        self.caller.call(self.service, "DeleteEventDataStore", given)
        return given

    def _for_StartEventDataStoreIngestion(self, here: dict[str, Any] | None) -> dict[str, Any]:
        return {"EventDataStore": (here or self._store(StartIngestion=False))["EventDataStore"]}

    def _for_StartQuery(self, here: dict[str, Any] | None) -> dict[str, Any]:
        return {"QueryStatement": (here or self._store())["QueryStatement"]}

    def _for_CancelQuery(self, here: dict[str, Any] | None) -> dict[str, Any]:
        """A query that has not ended when it is cancelled: it has too much to do."""
        if here is not None:
            return {"QueryId": here["QueryId"]}
        store = self._store()["EventDataStore"].rpartition("/")[2]
        endless = f"SELECT (SELECT count(*) FROM range(100000000000)) AS n, count(*) AS m FROM {store}"
        return {"QueryId": self.does("StartQuery", {"QueryStatement": endless})["QueryId"]}

    # ------------------------------------------------------------- for single laws
    def populate(self, operation: str, count: int) -> tuple[dict[str, Any], list[Any]]:
        if operation == "LookupEvents":
            return self._for_LookupEvents(None), [self._event() for _ in range(count)]
        if operation == "ListTrails":
            return {}, [self._abroad(number)._trail()["Called"] for number in range(count)]
        if operation == "ListEventDataStores":
            return {}, [self._store()["EventDataStore"] for _ in range(count)]
        if operation == "GetQueryResults":
            return {"QueryId": self._query(count)["QueryId"]}, [f"row {number}" for number in range(count)]
        here = self._store()
        queries = [self._ended(self.does("StartQuery", self._for_StartQuery(here))["QueryId"]) for _ in range(count)]
        return {"EventDataStore": here["EventDataStore"]}, queries

    def named(self, operation: str, entry: Any) -> str:
        if operation == "GetQueryResults":
            return str(entry[0]["n"])
        if operation == "LookupEvents":
            return str(entry["Resources"][0]["ResourceName"])
        members = {"ListTrails": "Name", "ListEventDataStores": "EventDataStoreArn", "ListQueries": "QueryId"}
        return str(entry[members[operation]])

    def insert(self, operation: str, given: dict[str, Any]) -> None:
        if operation == "LookupEvents":
            self._event()
        elif operation == "ListTrails":
            self._abroad(0)._trail()
        elif operation == "ListEventDataStores":
            if len(self.does("ListEventDataStores", {})["EventDataStores"]) < 10:
                self._store()
        elif operation == "ListQueries":
            statement = self._store_pointers(given["EventDataStore"])["QueryStatement"]
            self.does("StartQuery", {"QueryStatement": statement})

    def _event(self) -> str:
        name = fresh("orders")
        self.caller.does("sqs", "CreateQueue", {"QueueName": name})
        return name

    def _abroad(self, number: int) -> CloudTrailExamples:
        """A Region has five trails."""
        regions = ("us-east-1", "eu-west-1", "ap-south-1", "sa-east-1")
        return CloudTrailExamples(self.caller.of(region=regions[number % len(regions)]))

    def rich_input_of(self, operation: str) -> tuple[dict[str, Any], dict[str, Any]]:
        tags = [{"Key": "team", "Value": "blue"}, {"Key": "stage", "Value": "é"}]
        if operation == "CreateTrail":
            name = fresh("rich")
            given = {
                "Name": name,
                "S3BucketName": self._bucket(),
                "S3KeyPrefix": "all/of-it",
                "IncludeGlobalServiceEvents": True,
                "IsMultiRegionTrail": True,
                "EnableLogFileValidation": True,
                "RecursiveLogging": False,
                "TagsList": tags,
            }
            arn = f"arn:aws:cloudtrail:{self.caller.region}:{self.caller.account}:trail/{name}"
            return given, self._trail_pointers(name, arn)
        given = {
            "Name": fresh("rich"),
            "AdvancedEventSelectors": [{"Name": "all", **_SELECTORS[0]}],
            "MultiRegionEnabled": False,
            "RetentionPeriod": 77,
            "TerminationProtectionEnabled": True,
            "TagsList": tags,
            "StartIngestion": False,
            "BillingMode": "FIXED_RETENTION_PRICING",
        }
        return given, {}
