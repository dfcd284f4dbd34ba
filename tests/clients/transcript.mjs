// What a script hears from the server at the URL it is given, a line each, so that the lines of two
// servers can be compared: times and ids, which always differ, are masked.

import { connect } from "@nats-io/transport-node";

const MASKS = [
  [/20\d\d-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)/g, "TIME"],
  [/\b[NAUCX][A-Z2-7]{55}\b/g, "NKEY"],
  [/\b[0-9A-Za-z]{22}\b/g, "ID"],
];
const SCENE_MS = 120_000;

// What a scene writes: strings as they are, anything else as JSON with its keys in order.
export function say(...parts) {
  const text = parts.map((part) => (typeof part === "string" ? part : json(part))).join(" ");
  console.log(MASKS.reduce((line, [mask, shown]) => line.replace(mask, shown), text));
}

// Run scenes in turn, each on a connection of its own.
export async function play(scenes) {
  for (const [name, scene] of Object.entries(scenes)) {
    say(`# ${name}`);
    const nc = await connect({ servers: process.argv[2], reconnect: false });
    const late = setTimeout(() => stuck(name), SCENE_MS);
    await scene(nc);
    clearTimeout(late);
    await nc.close();
  }
}

function stuck(name) {
  console.error(`${name} is not through after ${SCENE_MS} ms`);
  process.exit(1);
}

// Write the error that some work ends in, or what it returns when it does not.
export async function attempt(what, work) {
  try {
    say(what, "->", (await work()) ?? null);
  } catch (error) {
    const number = error.code ?? error.cause?.code;
    say(what, "!", error.name, error.message, ...(number === undefined ? [] : [`(${number})`]));
  }
}

// Return the next so many of an iterator, or all when it ends before.
export async function take(iterator, count = Infinity) {
  const taken = [];
  if (count === 0) return taken;
  for await (const item of iterator) {
    taken.push(item);
    if (taken.length === count) break;
  }
  return taken;
}

// Ask again until it is so.
export async function until(condition) {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

export function text(data) {
  return new TextDecoder().decode(data);
}

function json(value) {
  return JSON.stringify(value, (_key, item) => {
    if (item instanceof Uint8Array) return text(item);
    if (item === null || typeof item !== "object" || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
