import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRegionName, partitionOf, servedRegions } from './region.ts'

test('every AWS Region is served, in its partition', () => {
  const regions = {
    'us-east-1': 'aws',
    'eu-central-1': 'aws',
    'ap-southeast-7': 'aws',
    'mx-central-1': 'aws',
    'il-central-1': 'aws',
    'us-gov-west-1': 'aws-us-gov',
    'cn-north-1': 'aws-cn',
    'us-iso-east-1': 'aws-iso',
    'us-isob-east-1': 'aws-iso-b',
    'eu-isoe-west-1': 'aws-iso-e',
    'us-isof-south-1': 'aws-iso-f',
    'eusc-de-east-1': 'aws-eusc',
  }
  const served = servedRegions()
  for (const [region, partition] of Object.entries(regions)) {
    assert.ok(served.has(region), region)
    assert.ok(isRegionName(region), region)
    assert.equal(partitionOf(region), partition, region)
  }
})

test('a Region that AWS does not have is served only if it is configured', () => {
  const invented = ['local', 'garage', 'xx-test-1', 'us-east-9', 'eu-central-01', 'US-EAST-1', '']
  for (const region of invented) {
    assert.ok(!servedRegions().has(region), region)
    assert.ok(!servedRegions(['home', 'us-east-10']).has(region), region)
  }
  const own = servedRegions(['local', 'cn-home-1'])
  assert.ok(own.has('local') && own.has('cn-home-1') && own.has('us-east-1'))
  assert.deepEqual([partitionOf('local'), partitionOf('cn-home-1')], ['aws', 'aws-cn'])
  assert.match(own.description, /such as eu-central-1\..*local, cn-home-1/)
  assert.match(servedRegions().description, /--regions/)
})

test('a Region name is valid if SDKs and ARNs accept it', () => {
  for (const text of ['local', 'dc1', '1a', 'us-east-1', 'a'.repeat(32)])
    assert.ok(isRegionName(text), text)
  for (const text of [
    '',
    'US-EAST-1',
    'us-east-1 ',
    'us--1',
    '-a',
    'a-',
    '*',
    '123',
    'a_b',
    'a.b',
    'us-east-1\n',
    'é',
    'a'.repeat(33),
    'a-'.repeat(50_000),
  ])
    assert.equal(isRegionName(text), false, JSON.stringify(text.slice(0, 40)))
})
