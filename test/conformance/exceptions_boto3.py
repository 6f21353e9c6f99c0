"""Makes calls with boto3 that must fail, and reports the exceptions.

Standard input: JSON of {"endpoint", "region", "cases"}. A case has
  "operation", "input": operation and input, with the API's member names; blobs are strings
  "key": [access key ID, secret access key]; by default, the key in the environment
  "tamper": name of a manipulation of the request in TAMPERS
  "concurrency": number of concurrent calls
Standard output: for each case, a list of its calls' outcomes: null for success, otherwise the exception.
"""
import functools
import json
import sys
import threading

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

BLOBS = {"Csr", "Certificate", "CertificateChain"}
work = json.load(sys.stdin)


def replace_body(text):
    def hook(params, **_):
        params["body"] = text

    return "before-call", hook


def replace_target(target):
    def hook(params, **_):
        params["headers"]["X-Amz-Target"] = target

    return "before-call", hook


def sign_for(**scope):
    def hook(request, **_):
        request.context["signing"] = {**request.context.get("signing", {}), **scope}

    return "before-sign", hook


def cut_authorization(part):
    def hook(request, **_):
        text = request.headers["Authorization"]
        text = text.decode() if isinstance(text, bytes) else text
        del request.headers["Authorization"]
        rest = [piece for piece in text.split(" ") if not piece.startswith(part)]
        request.headers["Authorization"] = " ".join(rest).rstrip(",")

    return "before-send", hook


TAMPERS = {
    "invalid JSON body": replace_body(b"{"),
    "empty body": replace_body(b""),
    "unknown target": replace_target("ACMPrivateCA.DoEverything"),
    "target of another service": replace_target("CertificateManager.ListCertificates"),
    "scope of another service": sign_for(signing_name="acm"),
    "scope with an invalid Region": sign_for(region="Not A Region"),
    "without Credential": cut_authorization("Credential="),
    "without SignedHeaders": cut_authorization("SignedHeaders="),
    "without Signature": cut_authorization("Signature="),
}


@functools.cache
def client_of(tamper, key):
    # Only the server validates input, and requests are not retried.
    options = {"retries": {"max_attempts": 0}, "parameter_validation": False, "max_pool_connections": 50}
    if tamper == "unsigned":
        options["signature_version"] = UNSIGNED
    keys = {"aws_access_key_id": key[0], "aws_secret_access_key": key[1]} if key else {}
    client = boto3.session.Session().client(
        "acm-pca", region_name=work["region"], endpoint_url=work["endpoint"], config=Config(**options), **keys
    )
    if tamper in TAMPERS:
        event, hook = TAMPERS[tamper]
        client.meta.events.register(f"{event}.acm-pca", hook)
    return client


def with_blobs(members):
    return {name: value.encode() if name in BLOBS and isinstance(value, str) else value for name, value in members.items()}


def call(client, case):
    methods = {operation: method for method, operation in client.meta.method_to_api_mapping.items()}
    try:
        getattr(client, methods[case["operation"]])(**with_blobs(case["input"]))
        return None
    except ClientError as error:
        return describe(client, error)


def describe(client, error):
    metadata = error.response["ResponseMetadata"]
    code = error.response["Error"].get("Code")
    typed = getattr(client.exceptions, code) if code in dir(client.exceptions) else None
    return {
        "type": type(error).__name__,
        "typed": type(error) is typed,
        "code": code,
        "message": error.response["Error"].get("Message", ""),
        "status": metadata["HTTPStatusCode"],
        "requestId": metadata.get("RequestId", ""),
        "operation": error.operation_name,
    }


def call_concurrently(client, case):
    """The server waits for all calls before it commits a change, so that all see the same state (ChangeBarrier)."""
    outcomes = []
    threads = [
        threading.Thread(target=lambda: outcomes.append(call(client, case))) for _ in range(case["concurrency"])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def outcomes_of(case):
    key = tuple(case["key"]) if "key" in case else None
    client = client_of(case.get("tamper"), key)
    return call_concurrently(client, case) if "concurrency" in case else [call(client, case)]


json.dump([outcomes_of(case) for case in work["cases"]], sys.stdout)
