/*
 * A PKCS #11 module that wraps another module (REAL_MODULE). Files control its faults:
 * HANG_FILE: while it exists, C_Sign does not return.
 * FAULT_FILE: a return value in hexadecimal and a key's label, separated by a space. C_SignInit returns this value for the key.
 * LOGIN_FILE: a line is appended for each call of C_Login.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long CK_ULONG;
struct attribute {
  CK_ULONG type;
  void *value;
  CK_ULONG length;
};
/* CK_FUNCTION_LIST: a version, then pointers in the order of the standard. */
struct functions {
  unsigned char version[2];
  void *calls[68];
};
enum { login = 18, get_attribute_value = 24, sign_init = 42, sign = 43, cka_label = 3 };

static struct functions ours;
static CK_ULONG (*real_login)(CK_ULONG, CK_ULONG, void *, CK_ULONG);
static CK_ULONG (*real_get)(CK_ULONG, CK_ULONG, struct attribute *, CK_ULONG);
static CK_ULONG (*real_sign_init)(CK_ULONG, void *, CK_ULONG);
static CK_ULONG (*real_sign)(CK_ULONG, void *, CK_ULONG, void *, void *);

static CK_ULONG logged_login(CK_ULONG session, CK_ULONG user, void *pin, CK_ULONG length) {
  FILE *log = fopen(getenv("LOGIN_FILE"), "a");
  if (log != NULL) {
    fputs("login\n", log);
    fclose(log);
  }
  return real_login(session, user, pin, length);
}

static CK_ULONG fault_of(CK_ULONG session, CK_ULONG key) {
  char faulty[128] = "", label[128] = "";
  CK_ULONG value = 0;
  FILE *file = fopen(getenv("FAULT_FILE"), "r");
  if (file == NULL) return 0;
  int fields = fscanf(file, "%lx %127s", &value, faulty);
  fclose(file);
  struct attribute attribute = {cka_label, label, sizeof label - 1};
  if (fields != 2 || real_get(session, key, &attribute, 1) != 0) return 0;
  return strcmp(label, faulty) == 0 ? value : 0;
}

static CK_ULONG faulty_sign_init(CK_ULONG session, void *mechanism, CK_ULONG key) {
  CK_ULONG fault = fault_of(session, key);
  return fault != 0 ? fault : real_sign_init(session, mechanism, key);
}

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
  real_login = real->calls[login];
  real_get = real->calls[get_attribute_value];
  real_sign_init = real->calls[sign_init];
  real_sign = real->calls[sign];
  ours.calls[login] = (void *)logged_login;
  ours.calls[sign_init] = (void *)faulty_sign_init;
  ours.calls[sign] = (void *)slow_sign;
  *list = &ours;
  return 0;
}
