/** The last step of a single sign-on: processing the identity provider's response in the page's address. */
import { useEffect, useRef, useState } from 'react'
import { toApiError, type ApiError } from '../api/errors.ts'
import type { Session } from '../app/session.ts'
import { assumeWith, redeem, type Granted, type ReceivedCallback } from '../app/sign-on.ts'
import { handOver } from '../sso/channel.ts'

type State =
  | { readonly kind: 'none' }
  | { readonly kind: 'working' }
  | { readonly kind: 'choosing'; readonly granted: Granted; readonly isBusy: boolean }
  | { readonly kind: 'no-role'; readonly granted: Granted }
  /** Another tab has processed the response. */
  | { readonly kind: 'handed-over' }
  | { readonly kind: 'failed'; readonly error: ApiError }

interface ReceivedCallbackState {
  readonly state: State
  readonly choose: (roleArn: string) => void
}

export function useReceivedCallback(
  received: ReceivedCallback | undefined,
  onSignIn: (session: Session, isKept: boolean) => void,
): ReceivedCallbackState {
  const [state, setState] = useState<State>({ kind: received === undefined ? 'none' : 'working' })
  const isStarted = useRef(false)
  const assume = async (granted: Granted, roleArn: string): Promise<void> => {
    try {
      onSignIn(await assumeWith(granted, roleArn), granted.attempt.isKept)
    } catch (failure) {
      setState({ kind: 'failed', error: toApiError(failure) })
    }
  }
  const finish = async (callback: ReceivedCallback): Promise<void> => {
    try {
      if (callback.attempt === undefined && (await handOver(callback.callback))) {
        setState({ kind: 'handed-over' })
        window.close()
        return
      }
      const granted = await redeem(callback)
      const [role, ...others] = granted.accepted.roles
      if (role === undefined) setState({ kind: 'no-role', granted })
      else if (others.length > 0) setState({ kind: 'choosing', granted, isBusy: false })
      else await assume(granted, role.arn)
    } catch (failure) {
      setState({ kind: 'failed', error: toApiError(failure) })
    }
  }
  useEffect(() => {
    // An authorization code can be exchanged only once.
    if (received === undefined || isStarted.current) return
    isStarted.current = true
    finish(received).catch(() => undefined)
  })
  return {
    state,
    choose(roleArn) {
      if (state.kind !== 'choosing' || state.isBusy) return
      setState({ ...state, isBusy: true })
      assume(state.granted, roleArn).catch(() => undefined)
    },
  }
}
