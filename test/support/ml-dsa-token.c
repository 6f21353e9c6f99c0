/*
 * A PKCS #11 module that wraps another module (REAL_MODULE) and adds ML-DSA keys as in PKCS #11 3.2. The keys are in the
 * process's memory. ML-DSA is implemented by OpenSSL, whose functions the Node.js executable exports.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long CK_ULONG;
typedef unsigned char CK_BYTE;
struct attribute {
  CK_ULONG type;
  void *value;
  CK_ULONG length;
};
struct mechanism {
  CK_ULONG type;
  void *parameter;
  CK_ULONG length;
};
/* CK_FUNCTION_LIST: a version, then pointers in the order of the standard. */
struct functions {
  unsigned char version[2];
  void *calls[68];
};
enum {
  get_mechanism_list = 7,
  destroy_object = 22,
  get_attribute_value = 24,
  find_objects_init = 26,
  find_objects = 27,
  sign_init = 42,
  sign = 43,
  generate_key_pair = 59
};
enum { class = 0x0, label = 0x3, value = 0x11, key_type = 0x100, id = 0x102, sensitive = 0x103, extractable = 0x162 };
enum { parameter_set = 0x61d, ml_dsa = 0x4a, ml_dsa_generation = 0x1c, ml_dsa_signing = 0x1d };
enum { public_class = 2, private_class = 3 };
enum {
  ok = 0x0,
  attribute_sensitive = 0x11,
  attribute_type_invalid = 0x12,
  mechanism_invalid = 0x70,
  function_failed = 0x6,
  template_incomplete = 0xd0,
  buffer_too_small = 0x150,
  parameter_set_not_supported = 0x209
};

/* OpenSSL 3.5 */
void *EVP_PKEY_Q_keygen(void *, const char *, const char *, ...);
int EVP_PKEY_get_raw_public_key(const void *, CK_BYTE *, size_t *);
void EVP_PKEY_free(void *);
void *EVP_MD_CTX_new(void);
void EVP_MD_CTX_free(void *);
int EVP_DigestSignInit_ex(void *, void **, const char *, void *, const char *, void *, const void *);
int EVP_DigestSign(void *, CK_BYTE *, size_t *, const CK_BYTE *, size_t);

/* An object. The public key of a pair has an even index. */
struct object {
  void *pair;
  CK_ULONG class, set;
  CK_BYTE label[128], id[64], sensitive, extractable;
  CK_ULONG label_length, id_length;
};
enum { objects_max = 64, first_handle = 0x7d000000 };
static struct object objects[objects_max];
static CK_ULONG found[objects_max], found_count;
static struct object *signing_key;

static struct functions ours;
static CK_ULONG (*real_list)(CK_ULONG, CK_ULONG *, CK_ULONG *);
static CK_ULONG (*real_destroy)(CK_ULONG, CK_ULONG);
static CK_ULONG (*real_get)(CK_ULONG, CK_ULONG, struct attribute *, CK_ULONG);
static CK_ULONG (*real_find_init)(CK_ULONG, struct attribute *, CK_ULONG);
static CK_ULONG (*real_find)(CK_ULONG, CK_ULONG *, CK_ULONG, CK_ULONG *);
static CK_ULONG (*real_sign_init)(CK_ULONG, struct mechanism *, CK_ULONG);
static CK_ULONG (*real_sign)(CK_ULONG, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG *);
static CK_ULONG (*real_generate)(CK_ULONG, struct mechanism *, struct attribute *, CK_ULONG, struct attribute *, CK_ULONG,
                                 CK_ULONG *, CK_ULONG *);

static struct object *own(CK_ULONG handle) {
  CK_ULONG index = handle - first_handle;
  return handle >= first_handle && index < objects_max && objects[index].pair != NULL ? &objects[index] : NULL;
}

static CK_ULONG list_mechanisms(CK_ULONG slot, CK_ULONG *list, CK_ULONG *count) {
  CK_ULONG room = *count;
  CK_ULONG result = real_list(slot, list, count);
  if (result != ok) return result;
  if (list != NULL) {
    if (room < *count + 2) return buffer_too_small;
    list[*count] = ml_dsa_generation;
    list[*count + 1] = ml_dsa_signing;
  }
  *count += 2;
  return ok;
}

static struct attribute *in(struct attribute *template, CK_ULONG count, CK_ULONG type) {
  for (CK_ULONG index = 0; index < count; index++)
    if (template[index].type == type) return &template[index];
  return NULL;
}

static void fill(struct object *object, struct attribute *template, CK_ULONG count) {
  struct attribute *one = in(template, count, label);
  if (one != NULL) memcpy(object->label, one->value, object->label_length = one->length);
  if ((one = in(template, count, id)) != NULL) memcpy(object->id, one->value, object->id_length = one->length);
  if ((one = in(template, count, sensitive)) != NULL) object->sensitive = *(CK_BYTE *)one->value;
  if ((one = in(template, count, extractable)) != NULL) object->extractable = *(CK_BYTE *)one->value;
}

static CK_ULONG generate(CK_ULONG session, struct mechanism *mechanism, struct attribute *public_template, CK_ULONG public_count,
                         struct attribute *private_template, CK_ULONG private_count, CK_ULONG *public_key, CK_ULONG *private_key) {
  static const char *names[] = {"ML-DSA-44", "ML-DSA-65", "ML-DSA-87"};
  if (mechanism->type != ml_dsa_generation)
    return real_generate(session, mechanism, public_template, public_count, private_template, private_count, public_key,
                         private_key);
  struct attribute *set = in(public_template, public_count, parameter_set);
  if (set == NULL || set->length != sizeof(CK_ULONG)) return template_incomplete;
  CK_ULONG number = *(CK_ULONG *)set->value;
  if (number < 1 || number > 3) return parameter_set_not_supported;
  CK_ULONG index = 0;
  while (index < objects_max && (objects[index].pair != NULL || objects[index + 1].pair != NULL)) index += 2;
  void *pair = index < objects_max ? EVP_PKEY_Q_keygen(NULL, NULL, names[number - 1]) : NULL;
  if (pair == NULL) return function_failed;
  objects[index] = (struct object){pair, public_class, number};
  objects[index + 1] = (struct object){pair, private_class, number};
  fill(&objects[index], public_template, public_count);
  fill(&objects[index + 1], private_template, private_count);
  *public_key = first_handle + index;
  *private_key = first_handle + index + 1;
  return ok;
}

static CK_ULONG copy(struct attribute *to, const void *bytes, CK_ULONG length) {
  CK_ULONG room = to->length;
  to->length = length;
  if (to->value == NULL) return ok;
  if (room < length) return buffer_too_small;
  memcpy(to->value, bytes, length);
  return ok;
}

static CK_ULONG get_one(struct object *object, struct attribute *to) {
  CK_ULONG type = ml_dsa;
  CK_BYTE key[4096];
  size_t length = sizeof key;
  switch (to->type) {
    case class: return copy(to, &object->class, sizeof object->class);
    case key_type: return copy(to, &type, sizeof type);
    case parameter_set: return copy(to, &object->set, sizeof object->set);
    case label: return copy(to, object->label, object->label_length);
    case id: return copy(to, object->id, object->id_length);
    case sensitive: return copy(to, &object->sensitive, 1);
    case extractable: return copy(to, &object->extractable, 1);
    case value:
      if (object->class == private_class) return attribute_sensitive;
      if (EVP_PKEY_get_raw_public_key(object->pair, key, &length) != 1) return function_failed;
      return copy(to, key, length);
    default: return attribute_type_invalid;
  }
}

static CK_ULONG get(CK_ULONG session, CK_ULONG handle, struct attribute *template, CK_ULONG count) {
  struct object *object = own(handle);
  if (object == NULL) return real_get(session, handle, template, count);
  CK_ULONG result = ok;
  for (CK_ULONG index = 0; index < count; index++) {
    CK_ULONG one = get_one(object, &template[index]);
    if (one != ok) result = one;
  }
  return result;
}

static int has(struct object *object, struct attribute *one) {
  if (one->type == class) return *(CK_ULONG *)one->value == object->class;
  if (one->type == label) return one->length == object->label_length && memcmp(one->value, object->label, one->length) == 0;
  return one->type == id && one->length == object->id_length && memcmp(one->value, object->id, one->length) == 0;
}

static CK_ULONG find_init(CK_ULONG session, struct attribute *template, CK_ULONG count) {
  found_count = 0;
  for (CK_ULONG index = 0; index < objects_max; index++) {
    int matches = objects[index].pair != NULL;
    for (CK_ULONG one = 0; one < count; one++) matches = matches && has(&objects[index], &template[one]);
    if (matches) found[found_count++] = first_handle + index;
  }
  return real_find_init(session, template, count);
}

static CK_ULONG find(CK_ULONG session, CK_ULONG *handles, CK_ULONG max, CK_ULONG *count) {
  CK_ULONG result = real_find(session, handles, max, count);
  while (result == ok && found_count > 0 && *count < max) handles[(*count)++] = found[--found_count];
  return result;
}

static CK_ULONG destroy(CK_ULONG session, CK_ULONG handle) {
  struct object *object = own(handle);
  if (object == NULL) return real_destroy(session, handle);
  struct object *other = &objects[(handle - first_handle) ^ 1];
  if (other->pair == NULL) EVP_PKEY_free(object->pair);
  object->pair = NULL;
  return ok;
}

static CK_ULONG start_signature(CK_ULONG session, struct mechanism *mechanism, CK_ULONG handle) {
  signing_key = own(handle);
  if (signing_key == NULL) return real_sign_init(session, mechanism, handle);
  return mechanism->type == ml_dsa_signing ? ok : mechanism_invalid;
}

static CK_ULONG make_signature(CK_ULONG session, CK_BYTE *data, CK_ULONG length, CK_BYTE *out, CK_ULONG *out_length) {
  if (signing_key == NULL) return real_sign(session, data, length, out, out_length);
  void *context = EVP_MD_CTX_new();
  size_t size = *out_length;
  int done = EVP_DigestSignInit_ex(context, NULL, NULL, NULL, NULL, signing_key->pair, NULL) == 1 &&
             EVP_DigestSign(context, out, &size, data, length) == 1;
  EVP_MD_CTX_free(context);
  *out_length = size;
  return done ? ok : function_failed;
}

CK_ULONG C_GetFunctionList(void **list) {
  void *module = dlopen(getenv("REAL_MODULE"), RTLD_NOW);
  if (module == NULL) return 5;
  CK_ULONG (*get_list)(void **) = (CK_ULONG (*)(void **))dlsym(module, "C_GetFunctionList");
  struct functions *real;
  CK_ULONG result = get_list((void **)&real);
  if (result != ok) return result;
  memcpy(&ours, real, sizeof ours);
  real_list = real->calls[get_mechanism_list];
  real_destroy = real->calls[destroy_object];
  real_get = real->calls[get_attribute_value];
  real_find_init = real->calls[find_objects_init];
  real_find = real->calls[find_objects];
  real_sign_init = real->calls[sign_init];
  real_sign = real->calls[sign];
  real_generate = real->calls[generate_key_pair];
  ours.calls[get_mechanism_list] = (void *)list_mechanisms;
  ours.calls[destroy_object] = (void *)destroy;
  ours.calls[get_attribute_value] = (void *)get;
  ours.calls[find_objects_init] = (void *)find_init;
  ours.calls[find_objects] = (void *)find;
  ours.calls[sign_init] = (void *)start_signature;
  ours.calls[sign] = (void *)make_signature;
  ours.calls[generate_key_pair] = (void *)generate;
  *list = &ours;
  return 0;
}
