// Loaded into the service by bench/registry.ts: says how long its event loop was kept from anything else.
import { monitorEventLoopDelay } from 'node:perf_hooks'

const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
process.on('message', (order) => {
  if (order === 'begin') delay.reset()
  else process.send?.({ longestMs: delay.max / 1e6 })
})
process.channel?.unref()
