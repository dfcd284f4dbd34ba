// Streams and their consumers: publishing, ordered, pulled and pushed deliveries, direct reads.

import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { headers } from "@nats-io/transport-node";
import { attempt, play, say, take, text, until } from "./transcript.mjs";

const CONFIG = { subjects: [], allow_direct: true, max_msgs_per_subject: 0 };
const shown = (message) => [
  message.subject, message.seq, text(message.data), message.info?.deliverySequence,
  message.info?.deliveryCount, message.info?.pending, message.pending,
].map((field) => field ?? null);
const stored = (message) => message && [
  message.subject, message.seq, text(message.data), message.pending ?? null,
  message.lastSequence ?? null, message.header?.get("Nats-Msg-Id") ?? "",
];

async function setUp(nc, name, count) {
  const [js, jsm] = [jetstream(nc), await jetstreamManager(nc)];
  await jsm.streams.add({ ...CONFIG, name, subjects: [`${name}.>`] });
  for (let number = 1; number <= count; number++) {
    await js.publish(`${name}.${number % 3}`, `${number}`);
  }
  return { js, jsm };
}

async function publishing(nc) {
  const { js, jsm } = await setUp(nc, "PUB", 0);
  const put = (what, options) => attempt(what, () => js.publish("PUB.a", what, options));
  await put("plain");
  await put("with id", { msgID: "1" });
  await put("duplicate", { msgID: "1" });
  await put("expected stream", { expect: { streamName: "OTHER" } });
  await put("last sequence", { expect: { lastSequence: 9 } });
  await put("last sequence", { expect: { lastSequence: 2 } });
  await put("last id", { expect: { lastMsgID: "9" } });
  await put("subject's", { expect: { lastSubjectSequence: 1 } });
  await put("with ttl", { ttl: "1m" });
  await attempt("no stream", () => js.publish("nowhere", "x"));
  await attempt("info", async () => (await jsm.streams.info("PUB", { subjects_filter: ">" })).state
    .subjects);
  await attempt("by sequence", async () =>
    stored(await jsm.streams.getMessage("PUB", { seq: 2 })));
  await attempt("delete", () => jsm.streams.deleteMessage("PUB", 2));
  await attempt("deleted", async () => stored(await jsm.streams.getMessage("PUB", { seq: 2 })));
  await attempt("details", async () =>
    (await jsm.streams.info("PUB", { deleted_details: true })).state.deleted);
  await attempt("find", () => jsm.streams.find("PUB.a"));
  await attempt("find nothing", () => jsm.streams.find("nothing"));
  await attempt("names", async () => await take(jsm.streams.names()));
  await attempt("update", async () =>
    (await jsm.streams.update("PUB", { max_msgs: 2 })).state.messages);
  await attempt("purge", () => jsm.streams.purge("PUB", { keep: 1 }));
  await attempt("account", async () => {
    const { memory, storage, streams, consumers } = await jsm.getAccountInfo();
    return [memory, storage > 0, streams, consumers];
  });
}

async function ordered(nc) {
  const { js, jsm } = await setUp(nc, "ORD", 30);
  for (const kind of ["get", "getPushConsumer"]) {
    const consumer = async (options) => js.consumers[kind]("ORD", options);
    const first = await (await consumer()).consume({ max_messages: 7 });
    (await take(first, 30)).slice(-2).forEach((message) => say(kind, shown(message)));
    const filtered = await consumer({ filter_subjects: ["ORD.1", "ORD.2"] });
    (await take(await filtered.consume(), 20)).slice(-1).forEach((m) => say("two", shown(m)));
    const late = await consumer({ deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: 28 });
    (await take(await late.consume(), 3)).forEach((message) => say("late", shown(message)));
    const last = await consumer({ deliver_policy: DeliverPolicy.LastPerSubject });
    (await take(await last.consume(), 3)).forEach((message) => say("last", shown(message)));
    const bare = await consumer({ headers_only: true, opt_start_seq: 30,
      deliver_policy: DeliverPolicy.StartSequence });
    (await take(await bare.consume(), 1)).forEach((message) =>
      say("bare", shown(message), message.headers.get("Nats-Msg-Size")));
  }
  const fetching = await js.consumers.get("ORD");
  for (const count of [10, 15, 10]) {
    const fetched = await take(await fetching.fetch({ max_messages: count, expires: 1000 }));
    say("fetched", fetched.length, shown(fetched.at(-1)));
  }
  // It is taken away under its reader, who goes on with another.
  const torn = await js.consumers.get("ORD");
  const messages = await torn.consume({ max_messages: 5, idle_heartbeat: 500 });
  const seen = [];
  for await (const message of messages) {
    seen.push(message.seq);
    if (message.seq === 12) await jsm.consumers.delete("ORD", (await torn.info(true)).name);
    if (message.seq === 30) break;
  }
  say("torn", seen);
}

async function pulled(nc) {
  const { js, jsm } = await setUp(nc, "PULL", 20);
  await attempt("add", async () => (await jsm.consumers.add("PULL", {
    durable_name: "D", ack_policy: AckPolicy.Explicit, max_ack_pending: 15, ack_wait: 60_000_000_000,
  })).config);
  const consumer = await js.consumers.get("PULL", "D");
  const next = await consumer.next();
  say("next", shown(next));
  await attempt("ack", () => next.ackAck());
  const some = await take(await consumer.fetch({ max_messages: 5, expires: 1000 }));
  some.forEach((message) => say("fetched", shown(message)));
  some[0].ack();
  some[1].nak();
  some[2].term("no use");
  some[3].working();
  await attempt("acked", () => some[4].ackAck());
  const again = await consumer.next();
  say("again", shown(again));
  const bytes = await take(await consumer.fetch({ max_bytes: 1000, expires: 1000 }));
  say("bytes", bytes.length);
  for (const message of bytes) await message.ackAck();
  await attempt("info", async () => {
    const info = await consumer.info();
    return [info.num_pending, info.num_ack_pending, info.num_redelivered, info.ack_floor.stream_seq];
  });
  const rest = await take(await consumer.fetch({ max_messages: 30, expires: 1000 }));
  say("rest", rest.length, rest.map((message) => message.seq));
  rest.forEach((message) => message.ack());
  await attempt("no more", async () => {
    const message = await consumer.next({ expires: 1000 });
    return message && shown(message);
  });
  await attempt("pause", async () =>
    (await jsm.consumers.pause("PULL", "D", new Date(Date.now() + 600_000))).paused);
  await attempt("resume", () => jsm.consumers.resume("PULL", "D"));
  await attempt("reset", async () => (await jsm.consumers.reset("PULL", "D", 19)).reset_seq);
  await attempt("after", async () => shown(await consumer.next()));
  await attempt("delete", () => consumer.delete());
  await attempt("deleted", () => consumer.next({ expires: 1000 }));
  await attempt("deleted", async () => void (await js.consumers.get("PULL", "D")));
}

async function consumed(nc) {
  const { js, jsm } = await setUp(nc, "EAT", 2000);
  await jsm.consumers.add("EAT", { durable_name: "D", ack_policy: AckPolicy.Explicit });
  const consumer = await js.consumers.get("EAT", "D");
  for (const [wanted, options] of [[1000, { max_messages: 100 }], [500, { max_bytes: 2000 }]]) {
    const messages = await consumer.consume(options);
    let count = 0;
    let isInOrder = true;
    let last = 0;
    for await (const message of messages) {
      message.ack();
      isInOrder &&= message.seq === last + 1 || last === 0;
      last = message.seq;
      if (++count === wanted) break;
    }
    say("consumed", count, isInOrder);
  }
}

async function pushed(nc) {
  const { js, jsm } = await setUp(nc, "PUSH", 10);
  await jsm.consumers.add("PUSH", {
    durable_name: "D", ack_policy: AckPolicy.Explicit, deliver_subject: "to.me",
    idle_heartbeat: 1_000_000_000, flow_control: true,
  });
  const consumer = await js.consumers.getPushConsumer("PUSH", "D");
  const messages = await consumer.consume();
  let count = 0;
  for await (const message of messages) {
    say("pushed", shown(message));
    message.ack();
    if (++count === 10) break;
  }
  await until(async () => (await consumer.info()).num_ack_pending === 0);
  await attempt("pulled", () => js.consumers.get("PUSH", "D").then((one) => one.next()));
}

async function direct(nc) {
  const { js, jsm } = await setUp(nc, "DIR", 12);
  const block = headers();
  block.set("Nats-Msg-Id", "the id");
  await js.publish("DIR.h", "with headers", { headers: block });
  await jsm.streams.deleteMessage("DIR", 5);
  const get = (what, query) => attempt(what, async () =>
    stored(await jsm.direct.getMessage("DIR", query)));
  await get("by sequence", { seq: 3 });
  await get("deleted", { seq: 5 });
  await get("beyond", { seq: 99 });
  await get("last of", { last_by_subj: "DIR.1" });
  await get("last of none", { last_by_subj: "DIR.none" });
  await get("next of", { seq: 4, next_by_subj: "DIR.1" });
  await get("next of none", { seq: 12, next_by_subj: "DIR.1" });
  await get("from the start", { start_time: new Date(0) });
  await get("headers", { last_by_subj: "DIR.h" });
  const batch = (what, kind, query) => attempt(what, async () =>
    (await take(await jsm.direct[kind]("DIR", query))).map(stored));
  await batch("all", "getBatch", { seq: 1, batch: 50 });
  await batch("three", "getBatch", { seq: 4, batch: 3 });
  await batch("of a subject", "getBatch", { seq: 1, batch: 3, next_by_subj: "DIR.2" });
  await batch("bytes", "getBatch", { seq: 1, batch: 50, max_bytes: 200 });
  await batch("by time", "getBatch", { start_time: new Date(0), batch: 2 });
  await batch("beyond", "getBatch", { seq: 99, batch: 2 });
  await batch("last for", "getLastMessagesFor", { multi_last: ["DIR.*"] });
  await batch("last for two", "getLastMessagesFor", { multi_last: ["DIR.1", "DIR.h"] });
  await batch("up to", "getLastMessagesFor", { multi_last: ["DIR.>"], up_to_seq: 6 });
  await batch("in batches", "getLastMessagesFor", { multi_last: ["DIR.>"], batch: 2 });
  await batch("none", "getLastMessagesFor", { multi_last: ["none"] });
  await attempt("no stream", () => jsm.direct.getMessage("NONE", { seq: 1 }));
}

await play({ publishing, ordered, pulled, consumed, pushed, direct });
