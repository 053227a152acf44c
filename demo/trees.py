"""A folder of real files to a bucket and back, with kill -9 on the way.

Several processes send the files by boto3, large ones in parts, while others read back what was acknowledged and compare
it. At the end every file is accounted for: none lost, none invented, none half; and on the disk lies nothing that no
object needs.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import os
import time
from collections.abc import Callable
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from benchmarks.servers import Server, fogstead
from benchmarks.tables import Table, mebibytes
from demo.carriers import BUCKET, Task, client, fetch, send
from demo.folders import Tree, Verdict, files_needed, is_blob, judge, look
from demo.kills import kill
from demo.queues import moments
from demo.screen import Screen, say, show

_TICK_SECONDS = 0.1
_TITLE = "Fogstead: a folder to a bucket and back, with kill -9 on the way"


class Demo:
    """One run."""

    def __init__(self, asked: argparse.Namespace, tree: Tree, folder: Path) -> None:
        self._asked, self.tree, self._folder = asked, tree, folder
        self._server = Server(fogstead(), data=folder / "server")
        self._context = multiprocessing.get_context("spawn")
        self._sent = self._context.RawArray("B", len(tree.sizes))
        self._fetched = self._context.RawArray("B", len(tree.sizes))
        self._carriers: list[SpawnProcess] = []
        self.outages: list[float] = []
        self.seconds = 0.0

    @property
    def address(self) -> str:
        """Where the cloud is."""
        return f"http://127.0.0.1:{self._server.port}, data in {self._folder}"

    # ------------------------------------------------------------- during
    def prepare(self) -> None:
        """Start the cloud, make the bucket."""
        (self._folder / "server").mkdir()
        self._server.start()
        client(self._server.port).create_bucket(Bucket=BUCKET)

    def _employ(self) -> None:
        names, of = list(self.tree.sizes), self._asked.carriers
        for share in range(of):
            task = Task(self._server.port, self.tree.top, names, share, of, os.getpid())
            self._hire(send, task, self._sent)
            self._hire(fetch, task, self._sent, self._fetched)

    def _hire(self, work: Callable[..., None], *arguments: Any) -> None:
        process = self._context.Process(target=work, args=arguments, daemon=True)
        process.start()
        self._carriers.append(process)

    def _counts(self) -> dict[tuple[str, str], int]:
        total = len(self.tree.sizes)
        return {
            ("files", "sent"): total - bytes(self._sent).count(0),
            ("files", "read back"): total - bytes(self._fetched).count(0),
        }

    def run(self, screen: Screen) -> None:
        """Until every file was sent and read back; kills on the way."""
        total = len(self.tree.sizes)
        for name, what in self._counts():
            screen.bar(name, what, total)
        screen.update({}, "the processes start")
        self._employ()
        began = time.monotonic()
        kills = moments(self._asked.kills, 2 * total, self._asked.seed)
        while True:
            counts = self._counts()
            screen.update(counts, "the cloud answers")
            done = sum(counts.values())
            if kills and done >= kills[0]:
                kills.pop(0)
                kill(self._server, self.outages, self._asked.kills, screen)
            if done == 2 * total:
                break
            if time.monotonic() - began > self._asked.limit:
                screen.event(f"not done after {self._asked.limit} s: that is the limit")
                break
            if broken := [process for process in self._carriers if process.exitcode]:
                screen.event(f"{len(broken)} of the processes ended with an error")
                break
            time.sleep(_TICK_SECONDS)
        self.seconds = time.monotonic() - began
        screen.update(counts, "done")

    # ------------------------------------------------------------- after
    def verdict(self) -> Verdict:
        """The account; the cloud is killed once more before it."""
        self._server.kill()
        self._server.start()
        s3 = client(self._server.port)
        uploads = [
            one
            for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=BUCKET)
            for one in page.get("Uploads", ())
        ]
        for one in uploads:
            s3.abort_multipart_upload(Bucket=BUCKET, Key=one["Key"], UploadId=one["UploadId"])
        found = [
            one
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
            for one in page.get("Contents", ())
        ]
        swept = self._sweep()
        return judge(
            self.tree,
            bytes(self._sent),
            bytes(self._fetched),
            {one["Key"]: one["Size"] for one in found},
            cut_off=len(uploads),
            swept=swept,
            unneeded=self._files_on_disk() - sum(files_needed(one["Size"], one["ETag"]) for one in found),
        )

    def _sweep(self) -> int:
        """Have what no object needs removed now rather than after a day."""
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=60)
        connection.request("POST", "/_fogstead/sweep", json.dumps({"older_than_seconds": 0}))
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return int(answer["removed"])

    def _files_on_disk(self) -> int:
        return sum(is_blob(path) for path in (self._folder / "server").rglob("*"))

    def refusals(self) -> list[tuple[str, str, bool]]:
        """What a wrong secret, no signature and a changed byte are answered."""
        name = min(self.tree.sizes)
        good = client(self._server.port).generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": name})
        try:
            client(self._server.port, secret="guessed").head_bucket(Bucket=BUCKET)
            guessed = 200
        except ClientError as error:
            guessed = error.response["ResponseMetadata"]["HTTPStatusCode"]
        tampered = good.replace("Expires=", "Expires=9")
        answers = [
            ("signed with a wrong secret", guessed),
            ("not signed at all", self._status(good.partition("?")[0])),
            ("a presigned URL made to last longer", self._status(tampered)),
        ]
        return [(what, str(status), status == 403) for what, status in answers]

    def _status(self, url: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=60)
        connection.request("GET", url.removeprefix(f"http://127.0.0.1:{self._server.port}"))
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status

    def stored(self) -> int:
        """Bytes in the data directory."""
        return sum(path.stat().st_size for path in (self._folder / "server").rglob("*") if path.is_file())

    def close(self) -> None:
        """End every process, by its id."""
        for process in self._carriers:
            if process.is_alive():
                process.terminate()
                process.join(5)
        self._server.stop()


def _verdict_table(verdict: Verdict) -> Table:
    table = Table("verdict", "Every file accounted for", ["files", "count"])
    for title, name in (
        ("in the folder", "files"),
        ("sent and acknowledged", "sent"),
        ("read back, whole and unchanged", "whole"),
        ("changed or half", "changed"),
        ("lost", "lost"),
        ("invented", "invented"),
        ("uploads that a kill cut off, aborted at the end", "cut_off"),
        ("files on the disk that a sweep removed", "swept"),
        ("files on the disk that no object needs, after that", "unneeded"),
    ):
        table.rows.append([title, f"{getattr(verdict, name):,}"])
    return table


def _figures_table(demo: Demo) -> Table:
    table = Table("figures", "Figures", ["", "value"])
    table.rows = [
        ["time, kills included", f"{demo.seconds:.1f} s"],
        ["sent and read back", f"{mebibytes(demo.tree.size)}, {mebibytes(demo.tree.size / demo.seconds)}/s"],
        ["files sent and read back", f"{len(demo.tree.sizes) / demo.seconds:,.0f}/s"],
        ["kill -9", f"{len(demo.outages)}"],
        ["longest time away, kill to first good answer", f"{max(demo.outages, default=0):.2f} s"],
        ["data directory afterwards, encrypted", mebibytes(demo.stored())],
    ]
    return table


def run(asked: argparse.Namespace, folder: Path) -> int:
    """The demonstration; gives 1 when a promise was broken."""
    demo = Demo(asked, look(asked.folder, asked.files), folder)
    try:
        demo.prepare()
        facts = [
            ("folder", f"{demo.tree.top}, {len(demo.tree.sizes):,} files, {mebibytes(demo.tree.size)}"),
            ("cloud", demo.address),
            ("carriers", f"{asked.carriers} send and {asked.carriers} read back, by boto3, large files in parts"),
        ]
        with Screen(_TITLE, facts) as screen:
            demo.run(screen)
        verdict = demo.verdict()
        refusals = demo.refusals()
        good = verdict.good and all(refused for _, _, refused in refusals)
        show(_verdict_table(verdict), good=verdict.good)
        show(_figures_table(demo), good=True)
        table = Table("refusals", "Requests that must be refused", ["request", "answer"])
        table.rows = [[what, answer] for what, answer, _ in refusals]
        show(table, good=all(refused for _, _, refused in refusals))
        words = "Nothing lost, nothing half, nothing left over, nobody let in."
        say(words if good else "A promise was broken: see the tables above.", good=good)
        return 0 if good else 1
    finally:
        demo.close()
