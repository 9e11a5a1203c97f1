/* Python, in a worker: Pyodide, the book with its tools, and the room that answers (scripts/lab/room.py). The page asks
   {id, name, arguments} and hears {id, answer}, or {id, dead} if Python itself broke. Before it is ready it tells
   {fetched, total, phase}; while it computes, {id, event}. */

const assets = new URL("../../", import.meta.url)
const pyodide = new URL("vendor/pyodide/", assets)
const HOME = "/book"

/* What comes over the network is counted, as large as it comes: compressed if the server does so. */
let fetched = 0, total = 0
const direct = self.fetch.bind(self)

self.fetch = async (resource, options) => {
  const response = await direct(resource, options)
  const size = Number(response.headers.get("content-length"))
  if (!response.ok || !response.body || !size)
    return response
  total += size
  let counted = 0
  const plain = !response.headers.get("content-encoding")
  const counter = new TransformStream({
    transform(chunk, controller) {
      const seen = plain ? chunk.length : Math.min(chunk.length, size - counted)
      counted += seen
      fetched += seen
      tellProgress()
      controller.enqueue(chunk)
    },
    flush() {
      fetched += size - counted
    }
  })
  return new Response(response.body.pipeThrough(counter), { status: response.status, headers: response.headers })
}

let told = 0
function tellProgress() {
  if (performance.now() - told < 100)
    return
  told = performance.now()
  postMessage({ phase: "fetching", fetched, total })
}

async function published(path) {
  const response = await fetch(new URL(path, assets), { cache: "no-cache" })
  if (!response.ok)
    throw new Error(`${path}: ${response.status} ${response.statusText}`)
  return response.json()
}

/* Like fetch, but for what Python opens: it can't wait. Only the size is known before. */
function openLater(FS, path, folder) {
  FS.createLazyFile(folder, path.split("/").pop(), new URL(path.replace("docs/", "../"), assets).href, true, false)
}

let current = null

async function start() {
  postMessage({ phase: "fetching", fetched, total })
  const [{ loadPyodide }, { files, later }] = await Promise.all([
    import(new URL("pyodide.mjs", pyodide)),
    published("lab/book.json")
  ])
  const python = await loadPyodide({
    indexURL: pyodide.href,
    env: { HOME, COLUMNS: "80", PYTHONDONTWRITEBYTECODE: "1" }
  })
  postMessage({ phase: "starting" })
  const folderOf = path => {
    const folder = `${HOME}/${path}`.replace(/\/[^/]*$/, "")
    python.FS.mkdirTree(folder)
    return folder
  }
  for (const [path, text] of Object.entries(files))
    python.FS.writeFile(`${folderOf(path)}/${path.split("/").pop()}`, text)
  for (const path of Object.keys(later))
    openLater(python.FS, path, folderOf(path))
  python.FS.chdir(HOME)
  python.runPython(`import os, sys\nos.chdir(${JSON.stringify(HOME)})\nsys.path.insert(0, ${JSON.stringify(HOME)})`)
  const { Room } = python.pyimport("scripts.lab.room")
  return Room(HOME, event => postMessage({ id: current, event: JSON.parse(event) }))
}

const room = start()
room.then(() => postMessage({ phase: "ready" }), error => postMessage({ phase: "failed", why: String(error.message ?? error) }))

onmessage = async ({ data: { id, name, args } }) => {
  try {
    const there = await room
    current = id
    postMessage({ id, answer: JSON.parse(there.call(name, JSON.stringify(args))) })
  } catch (error) {
    postMessage({ id, dead: String(error.message ?? error).trim().split("\n").pop() })
  }
}
