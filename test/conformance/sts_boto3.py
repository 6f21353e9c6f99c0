"""Obtains credentials from STS with botocore's credential providers, and prints the identity of each as JSON.

Arguments: endpoint, access key ID, secret access key, role ARN, role ARN for tokens, token file.
"""
import functools
import json
import os
import sys

import boto3
import botocore.session
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    AssumeRoleWithWebIdentityCredentialFetcher,
    AssumeRoleWithWebIdentityProvider,
    Credentials,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import ClientError

ENDPOINT, KEY_ID, SECRET, ROLE, TOKEN_ROLE, TOKEN_FILE = sys.argv[1:]
os.environ.setdefault('AWS_EC2_METADATA_DISABLED', 'true')
REGION = 'eu-west-1'


def client(service, credentials):
    frozen = credentials.get_frozen_credentials() if hasattr(credentials, 'get_frozen_credentials') else credentials
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=ENDPOINT,
        aws_access_key_id=frozen.access_key,
        aws_secret_access_key=frozen.secret_key,
        aws_session_token=frozen.token,
    )


def whoami(credentials):
    identity = client('sts', credentials).get_caller_identity()
    client('acm-pca', credentials).list_certificate_authorities()
    return {name: identity[name] for name in ('Account', 'Arn', 'UserId')}


def code_of(call, **parameters):
    try:
        call(**parameters)
    except ClientError as error:
        return '{} {}'.format(error.response['ResponseMetadata']['HTTPStatusCode'], error.response['Error']['Code'])
    return 'no error'


session = botocore.session.Session()
creator = functools.partial(session.create_client, endpoint_url=ENDPOINT, region_name=REGION)
user = Credentials(KEY_ID, SECRET)

fetcher = AssumeRoleCredentialFetcher(creator, user, ROLE, extra_args={'RoleSessionName': 'fetched', 'DurationSeconds': 900})
assumed = DeferredRefreshableCredentials(fetcher.fetch_credentials, 'assume-role')

os.environ.update(AWS_ROLE_ARN=TOKEN_ROLE, AWS_WEB_IDENTITY_TOKEN_FILE=TOKEN_FILE, AWS_ROLE_SESSION_NAME='pod')
provider = AssumeRoleWithWebIdentityProvider(load_config=dict, client_creator=creator, profile_name='default', cache={})
by_token = provider.load()

sts = client('sts', user)
answer = sts.assume_role(
    RoleArn=ROLE,
    RoleSessionName='tagged',
    Tags=[{'Key': 'Team', 'Value': 'web + infra = 1'}],
    TransitiveTagKeys=['Team'],
    Policy=json.dumps({'Version': '2012-10-17', 'Statement': {'Effect': 'Allow', 'Action': '*', 'Resource': '*'}}),
)
print(json.dumps({
    'user': whoami(user),
    'assumed': whoami(assumed),
    'token': whoami(by_token),
    'expires': answer['Credentials']['Expiration'].tzinfo is not None,
    'packed': answer['PackedPolicySize'],
    'presigned': sts.generate_presigned_url('get_caller_identity', ExpiresIn=60, HttpMethod='GET'),
    'errors': [
        code_of(sts.assume_role, RoleArn=ROLE + 'x', RoleSessionName='none'),
        code_of(sts.assume_role, RoleArn='arn:aws:iam::123456789012:role', RoleSessionName='none'),
        code_of(sts.get_session_token),
        code_of(client('sts', Credentials(KEY_ID, 'x')).get_caller_identity),
        code_of(client('sts', Credentials('AKIANOBODY', 'x')).get_caller_identity),
        code_of(client('sts', Credentials(KEY_ID, SECRET, 'token')).get_caller_identity),
        code_of(sts.assume_role_with_web_identity, RoleArn=TOKEN_ROLE, RoleSessionName='x1', WebIdentityToken='a.b.c'),
    ],
}))
