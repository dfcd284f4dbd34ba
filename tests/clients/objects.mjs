// Object stores, as the official client builds them of streams.

import { createHash } from "node:crypto";
import { headers } from "@nats-io/transport-node";
import { jetstreamManager } from "@nats-io/jetstream";
import { Objm } from "@nats-io/obj";
import { attempt, play, say, take, until } from "./transcript.mjs";

const LARGE_BYTES = 64 * 1024 * 1024;
const KILOBYTES = (count) => pattern(count * 1024);

const shown = (info) => info && [
  info.name, info.size, info.chunks, info.digest, info.deleted, info.revision, info.description,
  info.metadata, info.options, info.headers?.get("x"),
  ...(info.isUpdate === undefined ? [] : [info.isUpdate ? "update" : "initial"]),
].map((field) => field ?? null);
const sha = (data) => createHash("sha256").update(data).digest("base64");

function pattern(size) {
  const data = new Uint8Array(size);
  for (let at = 0; at < size; at++) data[at] = (at * 7 + (at >> 8) * 31 + (at >> 16)) & 255;
  return data;
}

function streamed(data, piece = 50_000) {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= data.length) return controller.close();
      controller.enqueue(data.subarray(at, (at += piece)));
    },
  });
}

async function state(store, what) {
  const { messages, bytes, num_subjects } = (await store.status()).streamInfo.state;
  say("state", what, messages, bytes, num_subjects ?? 0);
}

async function configurations(nc) {
  const objm = new Objm(nc);
  const forms = {
    PLAIN: {},
    FULL: {
      description: "all of it", ttl: 60_000_000_000, storage: "memory", replicas: 1,
      max_bytes: 10_000_000, metadata: { owner: "me" }, compression: true,
    },
  };
  for (const [name, options] of Object.entries(forms)) {
    const status = await (await objm.create(name, options)).status();
    say(name, status.streamInfo.config);
    say(name, [status.bucket, status.description, status.ttl, status.storage, status.replicas,
      status.sealed, status.size, status.backingStore, status.metadata, status.compression]);
  }
  await attempt("replicas", async () => void (await objm.create("MANY", { replicas: 3 })));
  await attempt("again", async () => void (await objm.create("PLAIN")));
  await attempt("open nothing", async () => void (await objm.open("NOWHERE")));
  for await (const status of objm.list()) say("listed", status.bucket, status.size);
  await attempt("destroy", async () => (await objm.open("FULL")).destroy());
  await attempt("destroyed", async () => void (await objm.open("FULL")));
}

async function putting_and_getting(nc) {
  const store = await new Objm(nc).create("PUT");
  const sizes = { empty: 0, byte: 1, chunk: 128, more: 129, many: 1000 };
  await attempt("nothing", async () => [await store.info("none"), await store.getBlob("none")]);
  for (const [name, kilobytes] of Object.entries(sizes)) {
    const data = name === "byte" ? pattern(1) : KILOBYTES(kilobytes);
    await attempt(name, async () => shown(await store.putBlob({ name }, data)));
    await attempt(name, async () => shown(await store.info(name)));
    const back = await store.getBlob(name);
    say(name, back.length, sha(back) === sha(data));
  }
  await attempt("null", async () => shown(await store.putBlob({ name: "null" }, null)));
  const meta = {
    name: "with/all.of it*>", description: "about", metadata: { a: "1", b: "2" },
    headers: headers(), options: { max_chunk_size: 1000 },
  };
  meta.headers.set("x", "y");
  await attempt("all", async () => shown(await store.put(meta, streamed(KILOBYTES(50)))));
  const result = await store.get(meta.name);
  const parts = await take(result.data);
  say("all", shown(result.info), parts.length, sha(Buffer.concat(parts)) === sha(KILOBYTES(50)),
    await result.error);
  await state(store, "at the end");
}

async function replacing_and_deleting(nc) {
  const store = await new Objm(nc).create("REPLACE");
  await store.putBlob({ name: "a" }, KILOBYTES(300));
  await state(store, "put");
  await attempt("again", async () => shown(await store.putBlob({ name: "a" }, KILOBYTES(10))));
  await state(store, "replaced");
  await attempt("at a revision", async () => shown(
    await store.putBlob({ name: "a" }, KILOBYTES(1), { previousRevision: 99 })));
  await state(store, "refused");
  const { revision } = await store.info("a");
  await attempt("at a revision", async () => shown(
    await store.putBlob({ name: "a" }, KILOBYTES(1), { previousRevision: revision })));
  await state(store, "done");
  await attempt("new", async () => shown(
    await store.putBlob({ name: "b" }, KILOBYTES(1), { previousRevision: 0 })));
  await attempt("new", async () => shown(
    await store.putBlob({ name: "b" }, KILOBYTES(1), { previousRevision: 0 })));
  await attempt("renamed", () => store.update("b", { name: "c", description: "was b" }));
  await attempt("onto another", () => store.update("c", { name: "a" }));
  await attempt("of nothing", () => store.update("none", { description: "x" }));
  await attempt("info", async () => [shown(await store.info("b")), shown(await store.info("c"))]);
  await attempt("delete", () => store.delete("a"));
  await attempt("delete again", () => store.delete("a"));
  await attempt("delete nothing", () => store.delete("none"));
  await attempt("info", async () => shown(await store.info("a")));
  await attempt("get", async () => await store.getBlob("a"));
  await state(store, "deleted");
  for (const info of await store.list()) say("listed", shown(info));
  await attempt("put", async () => shown(await store.putBlob({ name: "a" }, KILOBYTES(1))));
}

async function watching(nc) {
  const store = await new Objm(nc).create("WATCH");
  const after = async (what, options, [initial, more], work) => {
    const infos = [];
    const iterator = await store.watch(options);
    (async () => {
      for await (const info of iterator) infos.push(info);
    })();
    await until(() => infos.length >= initial);
    await work();
    await until(() => infos.length >= initial + more);
    iterator.stop();
    infos.forEach((info) => say(what, shown(info)));
  };
  await after("empty", {}, [0, 1], () => store.putBlob({ name: "a" }, KILOBYTES(1)));
  await store.putBlob({ name: "b" }, KILOBYTES(200));
  await store.putBlob({ name: "c" }, KILOBYTES(2));
  await store.delete("c");
  await after("updates", {}, [0, 2], async () => {
    await store.putBlob({ name: "d" }, KILOBYTES(1));
    await store.delete("b");
  });
  await after("history", { includeHistory: true }, [4, 1], () =>
    store.putBlob({ name: "e" }, KILOBYTES(1)));
  await after("no deletes", { ignoreDeletes: true, includeHistory: true }, [3, 1], () =>
    store.putBlob({ name: "f" }, KILOBYTES(1)));
  for (const info of await store.list()) say("listed", shown(info));
}

async function links(nc) {
  const objm = new Objm(nc);
  const [one, two] = [await objm.create("ONE"), await objm.create("TWO")];
  const info = await one.putBlob({ name: "a" }, KILOBYTES(3));
  await attempt("in the same", async () => shown(await one.link("la", info)));
  await attempt("in another", async () => shown(await two.link("la", info)));
  await attempt("to a store", async () => shown(await two.linkStore("all", one)));
  await attempt("of a link", async () => shown(await two.link("lla", await two.info("la"))));
  for (const [store, name] of [[one, "la"], [two, "la"], [two, "all"]]) {
    await attempt(name, async () => sha(await store.getBlob(name)));
  }
  await attempt("over an object", async () => shown(await one.link("a", info)));
  await one.delete("a");
  await attempt("deleted", async () => await one.getBlob("la"));
  await attempt("to what is deleted", async () => shown(await one.link("x", await one.info("a"))));
  for (const store of [one, two]) (await store.list()).forEach((entry) => say(shown(entry)));
}

async function sealing(nc) {
  const store = await new Objm(nc).create("SEAL");
  await store.putBlob({ name: "a" }, KILOBYTES(3));
  await attempt("seal", async () => (await store.seal()).sealed);
  await attempt("status", async () => (await store.status()).streamInfo.config);
  await attempt("put", async () => shown(await store.putBlob({ name: "b" }, KILOBYTES(1))));
  await attempt("update", () => store.update("a", { description: "x" }));
  await attempt("delete", () => store.delete("a"));
  await attempt("get", async () => sha(await store.getBlob("a")));
  await attempt("destroy", () => store.destroy());
}

async function full(nc) {
  const store = await new Objm(nc).create("FULL", { max_bytes: 300_000 });
  await attempt("fits", async () => shown(await store.putBlob({ name: "a" }, KILOBYTES(200))));
  await attempt("does not", async () => shown(await store.putBlob({ name: "b" }, KILOBYTES(200))));
  say((await store.list()).map(shown));
  await attempt("info", async () => (await store.status()).streamInfo.state.num_subjects);
}

async function damaged(nc) {
  const store = await new Objm(nc).create("DAMAGED");
  const jsm = await jetstreamManager(nc);
  await store.putBlob({ name: "a" }, KILOBYTES(500));
  await jsm.streams.deleteMessage("OBJ_DAMAGED", 2, false);
  await attempt("get", async () => (await store.getBlob("a"))?.length);
}

async function aging(nc) {
  const store = await new Objm(nc).create("AGING", { ttl: 500_000_000 });
  await store.putBlob({ name: "a" }, KILOBYTES(3));
  await until(async () => (await store.status()).streamInfo.state.messages === 0);
  await attempt("gone", async () => [await store.info("a"), await store.list()]);
}

async function large(nc) {
  const data = pattern(LARGE_BYTES);
  for (const [storage, options] of [["file", {}], ["file", { max_chunk_size: 1_000_000 }],
    ["memory", {}]]) {
    const store = await new Objm(nc).create(`LARGE_${storage}`, { storage });
    await attempt("put", async () => shown(await store.putBlob({ name: "large", options }, data)));
    const result = await store.get("large");
    const digest = createHash("sha256");
    let size = 0;
    for await (const part of result.data) {
      digest.update(part);
      size += part.length;
    }
    say("got", size, digest.digest("base64") === sha(data), await result.error);
    await state(store, storage);
    await store.delete("large");
    await state(store, "deleted");
  }
}

await play({
  configurations, putting_and_getting, replacing_and_deleting, watching, links, sealing, full,
  damaged, aging, large,
});
