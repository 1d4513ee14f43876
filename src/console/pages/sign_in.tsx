import { useState } from 'preact/hooks'
import { ApiError, ask } from '../api.ts'
import { Failure, Field, typed } from '../parts.tsx'

/** Asks for the token that protects this port. */
export function SignIn({ onSignedIn }: { readonly onSignedIn: () => void }) {
  const [token, setToken] = useState('')
  const [error, setError] = useState<ApiError>()
  const signIn = async (event: Event): Promise<void> => {
    event.preventDefault()
    try {
      await ask('/api/v1/session', { token })
      onSignedIn()
    } catch (cause) {
      setError(cause instanceof ApiError ? cause : new ApiError(0, String(cause)))
    }
  }
  return (
    <form class="sign-in panel" onSubmit={(event) => void signIn(event)}>
      <h1 tabIndex={-1}>Sign in</h1>
      <p class="lead">
        The console shows who may call, so this port asks for the token of its configuration, console.token.
      </p>
      <Failure error={error} />
      <Field label="Token">
        <input
          type="password"
          autocomplete="current-password"
          required
          value={token}
          onInput={(event) => setToken(typed(event))}
        />
      </Field>
      <div>
        <button type="submit" class="primary">
          Sign in
        </button>
      </div>
    </form>
  )
}
