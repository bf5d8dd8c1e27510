/*
 * The scalar options of options.def: their defaults, and reading a JSON object member by member.
 *
 * One object of the file is one call of config_object_read: it walks the members in file order,
 * finds each among the scalars of the table and the special members of the caller, checks it, and
 * stores it in the caller's struct. What is neither is an unknown key.
 */
#ifndef GANTRY_CONFIG_OPTION_H
#define GANTRY_CONFIG_OPTION_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "config/reader.h"

enum config_owner {
    CONFIG_OF_config,
    CONFIG_OF_config_pool,
    CONFIG_OF_config_route,
    CONFIG_OF_config_step,
    CONFIG_OF_config_rpc,
    CONFIG_OF_config_param
};

/* A member that is no scalar: into is what config_object_read was given. */
struct config_special {
    const char *name;
    void (*read)(struct config_reader *r, const struct config_place *at, struct json_t *value,
                 void *into); /* NULL: the caller looks at it later */
};

struct config_shape {
    enum config_owner owner;
    const char *prefix; /* of the object's options in the table: "limits.", "routes[]." */
    const struct config_special *specials;
    size_t specials_count;
};

/* Give every option of the owner its default. Return: OK, NOMEM (what is set is owned by into). */
NODISCARD enum status config_defaults(enum config_owner owner, void *into);

/* Free every text and list of names of the owner. */
void config_release(enum config_owner owner, void *into);

/* Members with problems keep their defaults. Return: is it an object at all? */
bool config_object_read(struct config_reader *r, const struct config_place *at,
                        struct json_t *value, const struct config_shape *shape, void *into);

/* Is text a type of a parameter? */
bool config_type_find(const char *text, enum config_type *ret);

/* Report a type that is none. */
void config_type_unknown(struct config_reader *r, const struct config_place *at, const char *text);

#endif
