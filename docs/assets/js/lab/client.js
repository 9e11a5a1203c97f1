/* The page's side of the worker: one for the visit, begun when it is first wanted, which goes on from page to page.

   await ask("run", {...})    the room's answer; throws Refused, Raised, Stopped or Broken
   stop()                     ends whatever runs, at once; the next question begins with a new worker
   watch(hear)                hear(state) now and after each change of `state`
   remember(kind, name, args) what a worker that comes after this one is asked first */

import { changes, listen } from "./changes.js"

export class Refused extends Error {} // a setting or a file that can't be: the message says why
export class Stopped extends Error {}
export class Broken extends Error {} // Python could not be loaded, or died

export class Raised extends Error { // what the program raised, with its traceback
  constructor(trace) {
    super(trace.at(-1).text)
    this.trace = trace
  }
}

export const state = { name: "off", fetched: 0, total: 0, why: "" }
const watchers = new Set()

export function watch(hear) {
  watchers.add(hear)
  hear(state)
  return () => watchers.delete(hear)
}

function become(name, more = {}) {
  Object.assign(state, { name, why: "" }, more)
  watchers.forEach(hear => hear(state))
}

let worker = null, last = 0, applied = null
const waiting = new Map() // id -> {resolve, reject, hear}

function begin() {
  worker = new Worker(new URL("worker.js", import.meta.url), { type: "module", name: "Python" })
  become("fetching", { fetched: 0, total: 0 })
  worker.onmessage = ({ data }) => {
    if (data.phase === "failed")
      end(new Broken(data.why), "failed")
    else if (data.phase === "ready")
      become(waiting.size ? "running" : "ready")
    else if (data.phase)
      become(data.phase, data)
    else if (data.dead)
      end(new Broken(data.dead), "failed")
    else if (data.event)
      waiting.get(data.id)?.hear(data.event)
    else
      settle(data.id, data.answer)
  }
  worker.onerror = event => {
    event.preventDefault()
    end(new Broken(event.message || "the worker can't be loaded"), "failed")
  }
  force.sent = 0
  applied = sendChanges().then(() => Promise.all([...standing.values()].map(([name, args]) => send(name, args)))).catch(() => {})
}

/* What a new worker is told again before anything else: `remember("data", name, args)`, one of each kind. */
const standing = new Map()
export const remember = (kind, name, args) => standing.set(kind, [name, args])

function settle(id, answer) {
  const { resolve, reject } = waiting.get(id) ?? {}
  waiting.delete(id)
  if (!waiting.size && state.name === "running")
    become("ready")
  if ("refused" in answer)
    reject?.(new Refused(answer.refused))
  else if ("trace" in answer)
    reject?.(new Raised(answer.trace))
  else
    resolve?.(answer.value)
}

function send(name, args, hear = () => {}) {
  return new Promise((resolve, reject) => {
    waiting.set(++last, { resolve, reject, hear })
    worker.postMessage({ id: last, name, args })
    if (state.name === "ready")
      become("running")
  })
}

function end(error, name) {
  worker?.terminate()
  worker = null
  const left = [...waiting.values()]
  waiting.clear()
  become(name, { why: error.message })
  left.forEach(({ reject }) => reject(error))
}

export const stop = () => end(new Stopped("stopped"), "stopped")

/* What the reader changed is in force before anything else is asked, but for what no longer fits the book. `force` says
   what became of it: positions of changes that are left out, and faults, after which none of them is in force. */
export const force = { stale: [], faults: [] }

async function sendChanges() {
  const all = changes()
  const { stale, faults } = all.length || force.sent ? await send("apply", { changes: all }) : { stale: [], faults: [] }
  Object.assign(force, { stale, sent: all.length, faults: faults.map(fault => ({ ...fault, of: all[fault.change] })) })
}

listen(() => {
  if (worker)
    applied = sendChanges()
})

export async function ask(name, args = {}, hear) {
  if (!worker)
    begin()
  const here = worker
  await applied
  if (worker !== here)
    throw new Stopped("stopped")
  return send(name, args, hear)
}
