import type { LifeCycleEvent } from '../../authority/life-cycle.ts'
import type { AuthorityView } from '../../authority/status.ts'
import type { Services } from '../../services.ts'
import type { Infer, StructureShape } from '../../wire/shapes/shape.ts'
import {
  operation,
  type DeclaredOperation,
  type OperationContract,
  type OperationName,
  type Result,
  type ScopedCaller,
} from './operation.ts'
import { requireAuthority } from './require-authority.ts'

/** The CA that a call refers to, and the caller. */
interface AuthorityCall extends AuthorityView {
  readonly caller: ScopedCaller
}

interface AuthorityOperationDefinition<
  N extends OperationName,
  I extends StructureShape,
  O extends StructureShape | undefined,
> extends OperationContract<N, I, O> {
  readonly resource: (input: Infer<I>) => string
  readonly event: LifeCycleEvent
  readonly run: (services: Services, input: Infer<I>, call: AuthorityCall) => Promise<Result<O>>
}

/** Defines an operation on a single CA. The CA must exist, and its state must permit `event`. */
export function authorityOperation<
  N extends OperationName,
  I extends StructureShape,
  O extends StructureShape | undefined,
>({ event, run, ...contract }: AuthorityOperationDefinition<N, I, O>): DeclaredOperation<N, I, O> {
  return operation({
    ...contract,
    async run(services, input, caller) {
      const arn = contract.resource(input)
      const view = await requireAuthority(services, caller, { arn, event })
      return run(services, input, { ...view, caller })
    },
  })
}
