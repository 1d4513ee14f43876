export type Environment = Readonly<Record<string, string | undefined>>

/** Where the values of `${...}` come from. */
export interface Variables {
  readonly environment: Environment
  /** The text of the file that `${file:PATH}` names, without its last line end. Throws an Error that says why it cannot be read. */
  readonly fileText?: ((path: string) => string) | undefined
}

export interface Interpolated {
  readonly text: string
  readonly mistakes: readonly { readonly message: string; readonly cure: string }[]
}

/**
 * The text with the values of environment variables for `${NAME}`, of files for `${file:PATH}`, and `${` for `$${`. What has no value
 * stays as it is and is a mistake, as is every variable where there are none. Values are taken as they are: a `${` in one means nothing.
 */
export function interpolate(text: string, variables: Variables | undefined): Interpolated {
  const mistakes: { message: string; cure: string }[] = []
  const filled = text.replaceAll(/\$\$\{|\$\{([^}]*)\}?/g, (whole: string, name: string | undefined) => {
    if (name === undefined) return '${'
    // What is no name is not repeated: without the closing brace, it is whatever followed.
    const [, path] = /^file:(\P{Cc}{1,1024})$/u.exec(name) ?? []
    if (!whole.endsWith('}') || (path === undefined && !/^[A-Za-z_]\w{0,127}$/.test(name))) {
      const cure = `write \${NAME} or \${file:PATH}, or $\${ for the characters \${`
      mistakes.push({ message: `a \${ begins no variable`, cure })
      return whole
    }
    if (variables === undefined) {
      const cure = `write what is meant, or $\${ for the characters \${`
      mistakes.push({ message: 'this file takes nothing from the environment', cure })
      return whole
    }
    const { environment, fileText } = variables
    if (path !== undefined) {
      try {
        return fileText?.(path) ?? whole
      } catch (error) {
        mistakes.push({
          message: (error as Error).message,
          cure: 'name a file with the value alone, which the service may read',
        })
        return whole
      }
    }
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined
    if (value !== undefined) return value
    mistakes.push({
      message: `the environment has no variable ${name}`,
      cure: `set ${name}, or write $\${${name}} where these characters are meant`,
    })
    return whole
  })
  return { text: filled, mistakes }
}
