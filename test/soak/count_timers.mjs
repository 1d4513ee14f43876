// Preloaded into the service by the soak: writes down how many timers there are, those among them that keep no process alive.
import { createHook } from 'node:async_hooks'
import { writeFileSync } from 'node:fs'

const timers = new Set()
createHook({
  init: (id, type) => void (type === 'Timeout' && timers.add(id)),
  destroy: (id) => void timers.delete(id),
}).enable()
const write = () => writeFileSync(`${process.env.TIMERS_FOLDER}/${process.pid}`, String(timers.size))
write()
setInterval(write, 500).unref()
