// Services: discovery, endpoints, their queue groups, statistics and errors.

import { connect, headers } from "@nats-io/transport-node";
import { ServiceError, Svcm } from "@nats-io/services";
import { attempt, play, say, take, text, until } from "./transcript.mjs";

const WAIT = { strategy: "stall", maxWait: 2_000 };
const bySubject = (one, other) => (one.subject < other.subject ? -1 : 1);
const byName = (one, other) => (one.name < other.name ? -1 : 1);

// Times of processing are the machine's.
const shownStats = (stats) => stats.endpoints?.toSorted(bySubject).map((endpoint) => [
  endpoint.name, endpoint.subject, endpoint.queue_group, endpoint.num_requests,
  endpoint.num_errors, endpoint.last_error ?? "", endpoint.data ?? null,
  endpoint.processing_time >= 0,
]);

const configured = (name, more = {}) => ({
  name, version: "1.2.3", description: `what ${name} does`, metadata: { kind: "test" }, ...more,
});

async function discovery(nc) {
  const svcm = new Svcm(nc);
  const one = await svcm.add(configured("one"));
  one.addEndpoint("echo", (error, message) => message.respond(message.data));
  const two = await svcm.add(configured("two", { version: "0.0.1", metadata: undefined }));
  await nc.flush();
  const client = svcm.client(WAIT);
  for (const verb of ["ping", "info", "stats"]) {
    for (const asked of [[], ["one"], ["two"], ["one", one.info().id], ["two", "nobody"]]) {
      const what = `${verb} ${asked.length}`;
      await attempt(what, async () => {
        const found = (await take(await client[verb](...asked))).toSorted(byName);
        return found.map((answer) => (verb === "stats"
          ? [answer.type, answer.name, answer.version, shownStats(answer)]
          : { ...answer, endpoints: answer.endpoints?.toSorted(bySubject) }));
      });
    }
  }
  await attempt("unknown verb", () => nc.request("$SRV.NONE", "", { timeout: 500 }));
  await attempt("unknown name", () => nc.request("$SRV.PING.none", "", { timeout: 500 }));
  await one.stop();
  await nc.flush();
  await attempt("left", async () => (await take(await client.ping())).map((found) => found.name));
  await attempt("stopped", async () => [one.isStopped, two.isStopped]);
  await attempt("bad name", () => svcm.add(configured("a b")));
  await attempt("bad version", () => svcm.add(configured("a", { version: "one" })));
}

async function endpoints_and_groups(nc) {
  const service = await new Svcm(nc).add(configured("groups"));
  const answer = (text) => (error, message) =>
    message.respond(`${text} ${message.subject} ${message.string()}`);
  service.addEndpoint("plain", answer("plain"));
  service.addEndpoint("other", { subject: "s.*.deep", handler: answer("other"),
    metadata: { a: "b" } });
  const group = service.addGroup("group", "workers");
  group.addEndpoint("in", answer("in"));
  group.addGroup("sub").addEndpoint("deeper", { queue: "others", handler: answer("deeper") });
  await nc.flush();
  for (const subject of ["plain", "s.x.deep", "group.in", "group.sub.deeper", "group.none"]) {
    await attempt(subject, async () => text((await nc.request(subject, "hi")).data));
  }
  say(service.info().endpoints.toSorted(bySubject));
  say(shownStats(await service.stats()));
  service.reset();
  say(shownStats(await service.stats()));
  await attempt("bad endpoint", () => void service.addEndpoint("a b", answer("bad")));
  await service.stop();
  await nc.flush();
  await attempt("stopped", () => nc.request("plain", "hi", { timeout: 500 }));
}

async function errors(nc) {
  const service = await new Svcm(nc).add(configured("errors", {
    statsHandler: (endpoint) => Promise.resolve({ of: endpoint.name }),
  }));
  service.addEndpoint("refuse", (error, message) =>
    message.respondError(422, `not ${message.string()}`, "the data"));
  service.addEndpoint("throw", () => {
    throw new Error("thrown");
  });
  service.addEndpoint("headers", (error, message) => {
    const block = headers();
    for (const key of message.headers.keys()) block.set(key, message.headers.values(key).join());
    message.respond(message.data, { headers: block });
  });
  await nc.flush();
  for (const name of ["refuse", "throw"]) {
    await attempt(name, async () => {
      const message = await nc.request(name, "that");
      const error = ServiceError.toServiceError(message);
      return [ServiceError.isServiceError(message), error?.code, error?.message,
        text(message.data), message.headers.keys().sort()];
    });
  }
  const block = headers();
  block.append("Many", "1");
  block.append("Many", "2");
  block.set("x-trace", "abc");
  await attempt("headers", async () => {
    const message = await nc.request("headers", "data", { headers: block });
    return message.headers.keys().sort().map((key) => [key, message.headers.values(key)]);
  });
  say(shownStats(await service.stats()));
  await service.stop();
}

async function queue_groups(nc) {
  const connections = await Promise.all(Array.from({ length: 3 }, () =>
    connect({ servers: process.argv[2] })));
  const counts = { shared: [0, 0, 0], every: [0, 0, 0] };
  for (const [name, options] of [["shared", {}], ["every", { queue: "" }]]) {
    for (const [place, one] of connections.entries()) {
      const service = await new Svcm(one).add(configured(name, options));
      service.addEndpoint(name, (error, message) => {
        counts[name][place]++;
        message.respond(`${place}`);
      });
    }
  }
  await Promise.all(connections.map((one) => one.flush()));
  const requests = Array.from({ length: 600 }, () => nc.request("shared", "x"));
  await Promise.all(requests);
  say("shared", counts.shared.reduce((sum, count) => sum + count), Math.min(...counts.shared) > 120);
  await nc.request("every", "x");
  await until(() => counts.every.every((count) => count === 1));
  say("every", counts.every);
  const client = new Svcm(nc).client(WAIT);
  for (const name of ["shared", "every"]) {
    const stats = await take(await client.stats(name));
    const counted = stats.flatMap((one) => one.endpoints).map((one) => one.num_requests);
    say(name, stats.length, counted.reduce((sum, count) => sum + count));
  }
  await connections[0].drain();
  await nc.flush();
  const rest = await Promise.all(Array.from({ length: 20 }, () => nc.request("shared", "x")));
  say("without the first", rest.every((message) => text(message.data) !== "0"));
  await Promise.all(connections.slice(1).map((one) => one.close()));
}

async function requests(nc) {
  await attempt("nobody", () => nc.request("nobody.here", "x"));
  await attempt("nobody", () => nc.request("nobody.here", "x", { noMux: true, timeout: 500 }));
  nc.subscribe("silent");
  await attempt("silent", () => nc.request("silent", "x", { timeout: 100 }));
  nc.subscribe("many", { callback: (error, message) => {
    for (const part of ["1", "2", "3", ""]) message.respond(part);
  } });
  for (const strategy of ["count", "sentinel", "timer", "stall"]) {
    const iterator = await nc.requestMany("many", "x", {
      strategy, maxWait: 300, maxMessages: 2, stall: 100,
    });
    say(strategy, (await take(iterator)).map((message) => text(message.data)));
  }
  nc.subscribe("echo", { callback: (error, message) => message.respond(message.data) });
  const numbers = Array.from({ length: 2000 }, (_, number) => `${number}`);
  const answers = await Promise.all(numbers.map((number) => nc.request("echo", number)));
  say("in order of asking", answers.every((message, place) => text(message.data) === `${place}`));
}

await play({ discovery, endpoints_and_groups, errors, queue_groups, requests });
