import { setUp } from './set_up.mjs'

await setUp()
