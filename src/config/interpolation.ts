export type Environment = Readonly<Record<string, string | undefined>>

export interface Interpolated {
  readonly text: string
  readonly mistakes: readonly { readonly message: string; readonly cure: string }[]
}

/**
 * The text with the values of environment variables for `${NAME}`, and `${` for `$${`. What has no value stays as it is and
 * is a mistake, as is every variable where there is no environment. Values are taken as they are: a `${` in one means nothing.
 */
export function interpolate(text: string, environment: Environment | undefined): Interpolated {
  const mistakes: { message: string; cure: string }[] = []
  const filled = text.replaceAll(/\$\$\{|\$\{([^}]*)\}?/g, (whole: string, name: string | undefined) => {
    if (name === undefined) return '${'
    // What is no name is not repeated: without the closing brace, it is whatever followed.
    if (!whole.endsWith('}') || !/^[A-Za-z_]\w{0,127}$/.test(name)) {
      mistakes.push({ message: `a \${ begins no variable`, cure: `write \${NAME}, or $\${ for the characters \${` })
      return whole
    }
    if (environment === undefined) {
      const cure = `write what is meant, or $\${ for the characters \${`
      mistakes.push({ message: 'this file takes nothing from the environment', cure })
      return whole
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
