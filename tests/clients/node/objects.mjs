// What a JavaScript program does with a bucket; prints what it saw as one line of JSON.
import { createHash } from "node:crypto";
import { createReadStream, writeFileSync } from "node:fs";
import { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import {
  CopyObjectCommand, CreateBucketCommand, DeleteBucketCommand, DeleteObjectsCommand, GetObjectCommand,
  HeadObjectCommand, ListObjectsV2Command, ListPartsCommand, PutObjectCommand, PutObjectTaggingCommand, S3Client,
  GetObjectTaggingCommand, paginateListObjectsV2, waitUntilObjectExists,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const s3 = new S3Client({ maxAttempts: 1 });
const Bucket = "from-node";
const MIB = 1024 * 1024;
const seen = {};
const md5 = (bytes) => createHash("md5").update(bytes).digest("hex");
const bytesOf = async (answer) => Buffer.from(await answer.Body.transformToByteArray());

await s3.send(new CreateBucketCommand({ Bucket }));

const Key = "a folder/ünï & +.txt";
const put = await s3.send(new PutObjectCommand({
  Bucket, Key, Body: "hello & <goodbye> é", ContentType: "text/plain; charset=utf-8",
  Metadata: { Who: "fog" }, Tagging: "team=blue&stage=t%20est",
}));
const got = await s3.send(new GetObjectCommand({ Bucket, Key, ChecksumMode: "ENABLED" }));
seen.put = [put.ETag === got.ETag, put.ChecksumCRC32 === got.ChecksumCRC32, Boolean(put.ChecksumCRC32)];
seen.got = [await got.Body.transformToString(), got.ContentType, got.Metadata];
seen.tags = (await s3.send(new GetObjectTaggingCommand({ Bucket, Key }))).TagSet;
await s3.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet: [{ Key: "a", Value: "b" }] } }));
seen.retagged = (await s3.send(new GetObjectTaggingCommand({ Bucket, Key }))).TagSet;

// A stream whose length is not known to the SDK's signer goes out in chunks, its checksum behind it.
const file = Buffer.alloc(3 * MIB, "streamed ");
writeFileSync("streamed.bin", file);
await s3.send(new PutObjectCommand({
  Bucket, Key: "streamed", Body: createReadStream("streamed.bin"), ContentLength: file.length,
}));
seen.streamed = md5(await bytesOf(await s3.send(new GetObjectCommand({ Bucket, Key: "streamed" })))) === md5(file);
const range = await s3.send(new GetObjectCommand({ Bucket, Key: "streamed", Range: "bytes=9-16" }));
seen.range = [range.ContentRange, await range.Body.transformToString()];

const pieces = Array.from({ length: 14 }, (_, number) => Buffer.alloc(MIB, number + 1));
const whole = Buffer.concat(pieces);
const marks = [];
const upload = new Upload({
  client: s3, partSize: 5 * MIB, queueSize: 3,
  params: { Bucket, Key: "parts", Body: Readable.from(pieces), ContentType: "video/mp4" },
});
upload.on("httpUploadProgress", (progress) => marks.push(progress.loaded));
const uploaded = await upload.done();
const parts = await s3.send(new GetObjectCommand({ Bucket, Key: "parts" }));
seen.parts = [uploaded.ETag, parts.ContentType, md5(await bytesOf(parts)) === md5(whole), Math.max(...marks)];
const second = await s3.send(new GetObjectCommand({ Bucket, Key: "parts", PartNumber: 2 }));
seen.second = [second.PartsCount, second.ContentLength, (await bytesOf(second))[0]];

const aborted = new Upload({
  client: s3, partSize: 5 * MIB, params: { Bucket, Key: "never", Body: Readable.from(pieces) },
});
aborted.on("httpUploadProgress", () => aborted.abort());
try {
  await aborted.done();
} catch (error) {
  seen.aborted = error.name;
}
// The SDK says so at once and aborts behind our back.
for (let tries = 0; tries < 200 && !seen.noUpload; tries++) {
  try {
    await s3.send(new ListPartsCommand({ Bucket, Key: "never", UploadId: aborted.uploadId }));
    await setTimeout(20);
  } catch (error) {
    seen.noUpload = error.name;
  }
}

await s3.send(new CopyObjectCommand({
  Bucket, Key: "copy", CopySource: `${Bucket}/${encodeURIComponent(Key)}`, MetadataDirective: "REPLACE",
  Metadata: { who: "copy" },
}));
await waitUntilObjectExists({ client: s3, maxWaitTime: 10 }, { Bucket, Key: "copy" });
const copy = await s3.send(new HeadObjectCommand({ Bucket, Key: "copy" }));
seen.copy = [copy.ETag === put.ETag, copy.Metadata];

for (let number = 0; number < 5; number++) {
  await s3.send(new PutObjectCommand({ Bucket, Key: `page/${number}`, Body: `${number}` }));
}
seen.pages = [];
for await (const page of paginateListObjectsV2({ client: s3, pageSize: 2 }, { Bucket, Prefix: "page/" })) {
  seen.pages.push(page.Contents.length);
}
const top = await s3.send(new ListObjectsV2Command({ Bucket, Delimiter: "/" }));
seen.top = [top.CommonPrefixes.map((each) => each.Prefix), top.Contents.map((each) => each.Key)];

const getUrl = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key }), { expiresIn: 60 });
seen.presignedGet = await (await fetch(getUrl)).text();
const putUrl = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: "by url" }), { expiresIn: 60 });
seen.presignedPut = (await fetch(putUrl, { method: "PUT", body: "sent by fetch" })).status;
seen.sent = await (await s3.send(new GetObjectCommand({ Bucket, Key: "by url" }))).Body.transformToString();
seen.presignedWrong = (await fetch(getUrl.replace("Expires=60", "Expires=600"))).status;

const post = await createPresignedPost(s3, {
  Bucket, Key: "forms/${filename}", Conditions: [["content-length-range", 0, 100]], Expires: 60,
});
const form = new FormData();
Object.entries(post.fields).forEach(([name, value]) => form.append(name, value));
form.append("file", new Blob(["posted by a form"]), "the file.txt");
seen.posted = (await fetch(post.url, { method: "POST", body: form })).status;
seen.form = await (await s3.send(new GetObjectCommand({ Bucket, Key: "forms/the file.txt" }))).Body.transformToString();

try {
  await s3.send(new GetObjectCommand({ Bucket, Key: "nothing" }));
} catch (error) {
  seen.missing = [error.name, error.$metadata.httpStatusCode];
}
try {
  await s3.send(new HeadObjectCommand({ Bucket, Key: "nothing" }));
} catch (error) {
  seen.noHead = [error.name, error.$metadata.httpStatusCode];
}
try {
  await s3.send(new DeleteBucketCommand({ Bucket }));
} catch (error) {
  seen.notEmpty = [error.name, error.$metadata.httpStatusCode];
}
const all = (await s3.send(new ListObjectsV2Command({ Bucket }))).Contents.map((each) => ({ Key: each.Key }));
const deleted = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: all } }));
seen.deleted = [deleted.Deleted.length === all.length, (await s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount];
await s3.send(new DeleteBucketCommand({ Bucket }));
console.log(JSON.stringify(seen));
