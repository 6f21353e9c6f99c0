/* A PKCS #11 module in front of another one (REAL_MODULE). While the file HANG_FILE exists, C_Sign does not return. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long CK_ULONG;
/* CK_FUNCTION_LIST: a version, then pointers in the order of the standard. C_Sign is the 44th. */
struct functions {
  unsigned char version[2];
  void *calls[68];
};
enum { sign = 43 };

static struct functions ours;
static CK_ULONG (*real_sign)(CK_ULONG, void *, CK_ULONG, void *, void *);

static CK_ULONG slow_sign(CK_ULONG session, void *data, CK_ULONG length, void *out, void *outLength) {
  while (access(getenv("HANG_FILE"), F_OK) == 0) usleep(10000);
  return real_sign(session, data, length, out, outLength);
}

CK_ULONG C_GetFunctionList(void **list) {
  void *module = dlopen(getenv("REAL_MODULE"), RTLD_NOW);
  if (module == NULL) return 5;
  CK_ULONG (*get)(void **) = (CK_ULONG (*)(void **))dlsym(module, "C_GetFunctionList");
  struct functions *real;
  CK_ULONG result = get((void **)&real);
  if (result != 0) return result;
  memcpy(&ours, real, sizeof ours);
  real_sign = (CK_ULONG (*)(CK_ULONG, void *, CK_ULONG, void *, void *))real->calls[sign];
  ours.calls[sign] = (void *)slow_sign;
  *list = &ours;
  return 0;
}
