import { invalidArn } from '../../errors.ts'
import { defaultTemplateName, requireTemplate, type Template } from '../../issuance/templates.ts'
import { parseTemplateArn } from '../../wire/arn.ts'

/**
 * Finds the template with the given ARN, or the end-entity template if no ARN is given. Throws InvalidArnException for an
 * ARN with another resource type or partition, and InvalidArgsException for an unknown template.
 */
export function templateOf(templateArn: string | undefined, partition: string): Template {
  if (templateArn === undefined) return requireTemplate(defaultTemplateName)
  const template = parseTemplateArn(templateArn)
  if (template === undefined || template.partition !== partition)
    throw invalidArn(
      `${templateArn} is not the ARN of a template; it has the form arn:${partition}:acm-pca:::template/NAME/V1`,
    )
  return requireTemplate(template.name)
}

/** Returns the ARN of the template that is used if the request lacks a TemplateArn. */
export function defaultTemplateArn(partition: string): string {
  return `arn:${partition}:acm-pca:::template/${defaultTemplateName}/V1`
}
