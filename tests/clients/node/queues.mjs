// What a JavaScript program does with a queue; prints what it saw as one line of JSON.
import {
  CreateQueueCommand, DeleteMessageCommand, DeleteQueueCommand, GetQueueAttributesCommand, ListQueuesCommand,
  ReceiveMessageCommand, SQSClient, SendMessageBatchCommand, SendMessageCommand, paginateListQueues,
} from "@aws-sdk/client-sqs";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const sqs = new SQSClient({ maxAttempts: 1 });
const seen = {};

seen.identity = (await new STSClient({ maxAttempts: 1 }).send(new GetCallerIdentityCommand({}))).Account;

const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "orders" }));
const MessageAttributes = {
  city: { DataType: "String", StringValue: "Zürich" },
  raw: { DataType: "Binary", BinaryValue: new Uint8Array([0, 1, 255]) },
};
await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "hello & <goodbye> é", MessageAttributes }));
const first = await sqs.send(new ReceiveMessageCommand({
  QueueUrl, MessageAttributeNames: ["All"], MessageSystemAttributeNames: ["All"],
}));
const message = first.Messages[0];
seen.body = message.Body;
seen.city = message.MessageAttributes.city.StringValue;
seen.raw = [...message.MessageAttributes.raw.BinaryValue];
seen.receives = message.Attributes.ApproximateReceiveCount;
await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));

const began = performance.now();
const waiting = sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }));
const Entries = [{ Id: "one", MessageBody: "late" }];
await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
seen.late = (await waiting).Messages[0].Body;
seen.waited = (performance.now() - began) / 1000;

const nothing = performance.now();
seen.nothing = (await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }))).Messages ?? [];
seen.patience = (performance.now() - nothing) / 1000;

for (let number = 0; number < 5; number++) {
  await sqs.send(new CreateQueueCommand({ QueueName: `page-${number}` }));
}
seen.pages = [];
for await (const page of paginateListQueues({ client: sqs, pageSize: 2 }, { QueueNamePrefix: "page-" })) {
  seen.pages.push(page.QueueUrls.length);
}

await sqs.send(new DeleteQueueCommand({ QueueUrl }));
try {
  await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }));
} catch (error) {
  seen.missing = [error.name, error.$metadata.httpStatusCode];
}
try {
  await new SQSClient({ maxAttempts: 1, credentials: { accessKeyId: "test", secretAccessKey: "wrong" } })
    .send(new ListQueuesCommand({}));
} catch (error) {
  seen.refused = [error.name, error.$metadata.httpStatusCode];
}
console.log(JSON.stringify(seen));
