/** The banner that is shown when the session has ended. The page below the banner is not changed, so that no input is lost. */
import Button from '@cloudscape-design/components/button'
import type { FlashbarProps } from '@cloudscape-design/components/flashbar'
import { useState } from 'react'
import { toApiError } from '../api/errors.ts'
import { signOnOf, useSession } from './session.ts'

export function useSessionBanner(): readonly FlashbarProps.MessageDefinition[] {
  const session = useSession()
  const { ended, signInAgain, signOut } = session
  const [isWaiting, setWaiting] = useState(false)
  const [problem, setProblem] = useState<string>()
  if (ended === undefined) return []
  const banner = { id: 'session-ended', type: 'warning', header: 'Your session has ended' } as const
  if (signOnOf(session) === undefined)
    return [
      {
        ...banner,
        content: `${ended} Copy unsaved input from this page before you sign in with other credentials.`,
        action: <Button onClick={signOut}>Sign in</Button>,
      },
    ]
  const start = (): void => {
    setWaiting(true)
    setProblem(undefined)
    signInAgain()
      .catch((error: unknown) => setProblem(toApiError(error).message))
      .finally(() => setWaiting(false))
  }
  const advice = isWaiting
    ? 'Sign in on the new tab. If no tab has opened, allow pop-ups for this page and try again.'
    : 'Sign in again in another tab. This page keeps its input.'
  return [
    {
      ...banner,
      content: `${problem ?? ended} ${advice}`,
      action: <Button onClick={start}>Sign in again</Button>,
    },
  ]
}
