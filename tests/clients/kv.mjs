// Key-value buckets, as the official client builds them of streams.

import { Base64KeyCodec, Kvm, KvWatchInclude, NoopKvCodecs } from "@nats-io/kv";
import { attempt, play, say, take, text, until } from "./transcript.mjs";

const shown = (entry) => entry && [
  entry.key, entry.operation, entry.revision, entry.string(), entry.length,
  ...(entry.isUpdate === undefined ? [] : [entry.delta, entry.isUpdate ? "update" : "initial"]),
];
const show = (what, entries) => entries.forEach((entry) => say(what, shown(entry)));
const fill = async (kv, pairs) => {
  for (const [key, value] of pairs) await kv.put(key, value);
};

// The shape of a bucket, and what may be changed of it.

async function configurations(nc) {
  const kvm = new Kvm(nc);
  const forms = {
    PLAIN: {},
    FULL: {
      description: "all of it", history: 64, max_bytes: 1_000_000, maxValueSize: 100, ttl: 60_000,
      storage: "memory", compression: true, metadata: { owner: "me" }, markerTTL: 30_000,
      replicas: 1,
    },
    LONG: { ttl: 3_600_000 },
    UNDIRECT: { allow_direct: false },
  };
  for (const [name, options] of Object.entries(forms)) {
    const status = await (await kvm.create(name, options)).status();
    say(name, status.streamInfo.config);
    say(name, [status.bucket, status.values, status.history, status.ttl, status.markerTTL,
      status.size, status.replicas, status.compression, status.backingStore, status.metadata]);
  }
  for (const refused of [{ history: 65 }, { replicas: 3 }, { placement: { cluster: "far" } },
    { ttl: 10 }, { markerTTL: 10 }]) {
    await attempt(Object.keys(refused)[0], async () => {
      await kvm.create(`MADE_${Object.keys(refused)}`, refused);
    });
  }
  await attempt("opened again", async () => (await (await kvm.create("PLAIN")).status()).values);
  for await (const status of kvm.list()) say("listed", status.bucket, status.values);
  await attempt("not there", async () => (await kvm.open("NOWHERE")).put("a", "1"));
  await attempt("not there", async () => (await kvm.open("NOWHERE")).status());
  for (const name of ["PLAIN", "FULL", "LONG", "UNDIRECT"]) {
    await attempt(`destroy ${name}`, async () => (await kvm.open(name)).destroy());
  }
}

async function reading_and_writing(nc) {
  for (const allow_direct of [true, false]) {
    const kv = await new Kvm(nc).create(`RW_${allow_direct}`, { history: 3, allow_direct });
    await attempt("get nothing", () => kv.get("a"));
    await attempt("put", () => kv.put("a", "1"));
    await attempt("put", () => kv.put("a", ""));
    await attempt("put", () => kv.put("deep/er-_=.key.of.tokens", "2"));
    await attempt("put", () => kv.put("a", "three"));
    for (const [key, revision] of [["a", 0], ["a", 1], ["a", 2], ["a", 3], ["a", 9],
      ["deep/er-_=.key.of.tokens", 0], ["b", 0]]) {
      await attempt(`get ${key} ${revision}`, async () => shown(await kv.get(key, { revision })));
    }
    await attempt("bad key", () => kv.put("a b", "1"));
  }
}

async function comparing_and_setting(nc) {
  const kv = await new Kvm(nc).create("CAS", { history: 5 });
  await attempt("create", () => kv.create("a", "1"));
  await attempt("create", () => kv.create("a", "2"));
  await attempt("update", () => kv.update("a", "2", 1));
  await attempt("update", () => kv.update("a", "3", 1));
  await attempt("update of nothing", () => kv.update("b", "3", 7));
  await attempt("put", () => kv.put("a", "3", { previousSeq: 9 }));
  await attempt("delete", () => kv.delete("a", { previousSeq: 1 }));
  await attempt("delete", () => kv.delete("a", { previousSeq: 2 }));
  await attempt("create", () => kv.create("a", "again"));
  await attempt("purge", () => kv.purge("a", { previousSeq: 1 }));
  await attempt("purge", () => kv.purge("a", { previousSeq: 4 }));
  await attempt("create", () => kv.create("a", "once more"));
  await attempt("two at once", async () => {
    const races = await Promise.allSettled([kv.update("a", "x", 6), kv.update("a", "y", 6)]);
    return races.map((race) => race.reason?.code ?? race.value).sort();
  });
  await attempt("get", async () => (await kv.get("a")).revision);
}

async function deletes_and_history(nc) {
  const kv = await new Kvm(nc).create("HISTORY", { history: 4 });
  show("none", await take(await kv.history()));
  await fill(kv, [["a", "1"], ["b.x", "1"], ["a", "2"], ["b.y", "2"], ["a", "3"], ["a", "4"]]);
  await kv.delete("a");
  show("a", await take(await kv.history({ key: "a" })));
  show("b.*", await take(await kv.history({ key: "b.*" })));
  show("two", await take(await kv.history({ key: ["b.x", "a"] })));
  await attempt("deleted", async () => shown(await kv.get("a")));
  await kv.purge("a");
  show("purged", await take(await kv.history({ key: "a" })));
  show("all", await take(await kv.history()));
  await kv.delete("b.*");
  show("all", await take(await kv.history()));
  await attempt("purgeDeletes", () => kv.purgeDeletes());
  await attempt("purgeDeletes", () => kv.purgeDeletes(-1000));
  show("all", await take(await kv.history()));
  await attempt("status", async () => (await kv.status()).streamInfo.state.num_subjects ?? 0);
  await fill(kv, Array.from({ length: 300 }, (_, number) => [`n.${number % 100}`, `${number}`]));
  const entries = await take(await kv.history({ key: "n.>" }));
  say("many", entries.length, shown(entries.at(0)), shown(entries.at(-1)));
}

async function watches(nc) {
  const kv = await new Kvm(nc).create("WATCH", { history: 3 });
  // What is there must have come before there is more: how much is pending is told with each.
  const after = async (what, options, [initial, more], work) => {
    const entries = [];
    const iterator = await kv.watch(options);
    (async () => {
      for await (const entry of iterator) entries.push(entry);
    })();
    await until(() => entries.length >= initial);
    await work();
    await until(() => entries.length >= initial + more);
    iterator.stop();
    show(what, entries);
  };
  await after("empty", {}, [0, 1], () => kv.put("a", "1"));
  await fill(kv, [["a", "2"], ["b.x", "3"], ["b.y", "four"], ["c", "5"]]);
  await kv.delete("c");
  await after("last values", {}, [4, 1], () => kv.put("a", "6"));
  await after("history", { include: KvWatchInclude.AllHistory }, [7, 1], () => kv.put("d", "7"));
  await after("updates", { include: KvWatchInclude.UpdatesOnly }, [0, 2], async () => {
    await kv.put("a", "8");
    await kv.purge("b.x");
  });
  await after("one key", { key: "a" }, [1, 1], () => fill(kv, [["b.y", "9"], ["a", "10"]]));
  await after("wildcard", { key: "b.*" }, [2, 1], () => fill(kv, [["a", "11"], ["b.z", "12"]]));
  await after("two keys", { key: ["a", "d"] }, [2, 1], () => fill(kv, [["b.z", "13"], ["d", "14"]]));
  await after("no deletes", { ignoreDeletes: true }, [5, 1], async () => {
    await kv.delete("d");
    await kv.put("e", "15");
  });
  await after("headers only", { headers_only: true }, [7, 1], () => kv.put("a", "sixteen"));
  await after("resumed", { resumeFromRevision: 18 }, [2, 1], () => kv.put("a", "17"));
  await attempt("overlapping", () => kv.watch({ key: ["b.*", "b.x"] }));
  await attempt("nothing", async () => {
    const iterator = await kv.watch({ key: "nothing.like.it" });
    const taken = take(iterator, 1);
    await kv.put("nothing.like.it", "18");
    return shown((await taken)[0]);
  });
}

async function keys(nc) {
  const kv = await new Kvm(nc).create("KEYS");
  const list = async (filter) => say("keys", filter ?? "", await take(await kv.keys(filter)));
  await list();
  await fill(kv, [["a", "1"], ["b.x", "2"], ["b.y", "3"], ["c.x.y", "4"]]);
  await kv.delete("b.y");
  for (const filter of [undefined, "a", "b.*", "*.x", "c.>", ["a", "c.>"], "none"]) {
    await list(filter);
  }
  await attempt("overlapping", () => kv.keys(["b.*", "b.x"]));
  await attempt("twice", () => kv.keys(["a", "a"]));
}

async function limits(nc) {
  const kv = await new Kvm(nc).create("SMALL", { maxValueSize: 10, max_bytes: 400, history: 2 });
  await attempt("fits", () => kv.put("a", "0123456789"));
  await attempt("too large", () => kv.put("a", "0123456789a"));
  for (let number = 0; number < 12; number++) {
    await attempt(`put ${number}`, () => kv.put(`key.${number}`, "0123456789"));
  }
  await attempt("replaced", () => kv.put("a", "1"));
  await attempt("replaced again", () => kv.put("a", "2"));
  await attempt("values", async () => (await kv.status()).values);
}

async function times_to_live(nc) {
  const kvm = new Kvm(nc);
  const kv = await kvm.create("TTL", { markerTTL: 2_000 });
  const watcher = await kv.watch();
  await attempt("create", () => kv.create("short", "1", "1s"));
  await attempt("create", () => kv.create("short", "2", "1s"));
  await kv.put("kept", "3");
  await kv.put("purged", "4");
  await attempt("purge", () => kv.purge("purged", { ttl: "1s" }));
  await attempt("bad", () => kv.create("bad", "5", "soon"));
  await attempt("too short", () => kv.create("bad", "5", "10ms"));
  show("watched", await take(watcher, 5));
  await until(async () => (await kv.status()).values === 1);
  show("left", await take(await kv.history()));
  await attempt("create", () => kv.create("short", "6"));
  await attempt("without", async () =>
    (await kvm.create("NO_TTL")).create("a", "1", "1s"));
  const aged = await kvm.create("AGED", { ttl: 500 });
  await aged.put("a", "1");
  await until(async () => (await aged.status()).values === 0);
  await attempt("too old", () => aged.get("a"));
  await attempt("again", () => aged.create("a", "2"));
}

async function republished(nc) {
  for (const headers_only of [false, true]) {
    const name = `REPUBLISH_${headers_only}`;
    const republish = { src: `$KV.${name}.>`, dest: `${name}.>`, headers_only };
    const kv = await new Kvm(nc).create(name, { republish });
    say((await kv.status()).streamInfo.config.republish);
    const feed = nc.subscribe(`${name}.>`);
    await fill(kv, [["a", "1"], ["b.c", "2"], ["a", "3"]]);
    await kv.delete("a");
    for (const message of await take(feed, 4)) {
      const headers = message.headers.keys().sort()
        .map((key) => `${key}: ${key === "Nats-Time-Stamp" ? "TIME" : message.headers.get(key)}`);
      say(message.subject, headers.join(", "), text(message.data));
    }
  }
}

async function codecs(nc) {
  const codec = { key: Base64KeyCodec(), value: NoopKvCodecs().value };
  const kv = await new Kvm(nc).create("CODEC", { codec, history: 2 });
  await fill(kv, [["with space", "1"], ["a.bß", "2"], ["with space", "3"]]);
  await attempt("get", async () => shown(await kv.get("with space")));
  say(await take(await kv.keys()));
  show("history", await take(await kv.history()));
  show("watch", await take(await kv.watch(), 2));
  const plain = await new Kvm(nc).open("CODEC");
  say(await take(await plain.keys()));
}

async function many_keys(nc) {
  const kv = await new Kvm(nc).create("MANY");
  const numbers = Array.from({ length: 5000 }, (_, number) => number);
  await Promise.all(numbers.map((number) => kv.put(`k.${number % 10}.${number}`, `${number}`)));
  say("keys", (await take(await kv.keys())).length, (await take(await kv.keys("k.3.*"))).length);
  const watched = await take(await kv.watch(), 5000);
  say("watched", shown(watched.at(0)).slice(-2), shown(watched.at(-1)).slice(-2));
  const read = await Promise.all(numbers.map((number) => kv.get(`k.${number % 10}.${number}`)));
  say("read", read.every((entry, number) => entry.string() === `${number}`));
  await kv.delete("k.4.*");
  say("left", (await take(await kv.keys())).length);
}

await play({
  configurations, reading_and_writing, comparing_and_setting, deletes_and_history, watches,
  keys, limits, times_to_live, republished, codecs,
  many_keys,
});
