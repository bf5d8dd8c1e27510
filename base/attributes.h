/* Compiler attributes the whole house uses. */
#ifndef GANTRY_BASE_ATTRIBUTES_H
#define GANTRY_BASE_ATTRIBUTES_H

#define NODISCARD                     __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a)             __attribute__((format(printf, f, a)))
/* From a member to the struct that embeds it; the second form keeps const. */
#define container_of(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))
#define const_container_of(p, type, member)                                                        \
    ((const type *)((const char *)(p)-offsetof(type, member)))
#define ARRAY_LENGTH(a) (sizeof(a) / sizeof((a)[0]))

#endif
