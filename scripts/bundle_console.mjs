// Makes dist/console of src/console: what browsers load, small, compressed, under names that tell its version.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

export async function bundleConsole(root) {
  const source = join(root, 'src', 'console')
  const target = join(root, 'dist', 'console')
  // Only there once the dependencies are installed.
  const { build } = await import('esbuild')
  const { metafile, outputFiles } = await build({
    entryPoints: {
      main: join(source, 'main.tsx'),
      chain: join(source, 'chain_main.tsx'),
      style: join(source, 'style.css'),
      icon: join(source, 'icon.svg'),
    },
    ...{ outdir: join(target, 'assets'), entryNames: '[name]-[hash]', chunkNames: 'part-[hash]' },
    ...{ absWorkingDir: root, bundle: true, splitting: true, minify: true, format: 'esm', target: 'es2022' },
    ...{ jsx: 'automatic', jsxImportSource: 'preact', loader: { '.svg': 'copy' } },
    ...{ legalComments: 'none', metafile: true, write: false, logLevel: 'warning' },
  })
  mkdirSync(join(target, 'assets'), { recursive: true })
  for (const { path, contents } of outputFiles) writeCompressed(path, contents)
  const names = Object.fromEntries(
    Object.entries(metafile.outputs).flatMap(([path, { entryPoint }]) =>
      entryPoint === undefined && !path.endsWith('.svg') ? [] : [[basename(path).split('-')[0], basename(path)]],
    ),
  )
  for (const page of ['index.html', 'chain.html']) {
    const html = readFileSync(join(source, page), 'utf8')
    const filled = html.replaceAll(/\{(\w+)\}/g, (_, name) => names[name] ?? '')
    writeCompressed(join(target, page), Buffer.from(filled))
  }
}

function writeCompressed(path, contents) {
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } }
  writeFileSync(path, contents)
  writeFileSync(`${path}.gz`, gzipSync(contents, { level: 9 }))
  writeFileSync(`${path}.br`, brotliCompressSync(contents, quality))
}
