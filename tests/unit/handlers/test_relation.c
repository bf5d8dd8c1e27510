#include "handlers/table/relation.h"

#include <jansson.h>
#include <stdio.h>

#include "tests/unit/handlers/schema_fixture.h"
#include "tests/unit/random.h"
#include "tests/unit/text.h"

/* PostgREST's own tests speak of these tables, too. */
static const char world[] =
    "table clients id* name\n"
    "table projects id* name client_id\n"
    "key client projects client_id clients id\n"
    "table tasks id* name project_id\n"
    "key project tasks project_id projects id\n"
    "table users id* name\n"
    "table users_tasks user_id* task_id*\n"
    "key users_tasks_user_id_fkey users_tasks user_id users id\n"
    "key users_tasks_task_id_fkey users_tasks task_id tasks id\n"
    "table comments id* commenter_id user_id task_id content\n" /* of a junction, by two columns */
    "key comments_commenter_id_fkey comments commenter_id users id\n"
    "key comments_task_fkey comments user_id,task_id users_tasks user_id,task_id\n"
    /* one key besides two junctions, one of them a view */
    "table sites site_id* main_project_id\n"
    "table big_projects big_project_id* name\n"
    "table jobs job_id* site_id* big_project_id*\n"
    "view main_jobs jobs.job_id jobs.site_id jobs.big_project_id\n"
    "key main_project sites main_project_id big_projects big_project_id\n"
    "key jobs_site_id_fkey jobs site_id sites site_id\n"
    "key jobs_big_project_id_fkey jobs big_project_id big_projects big_project_id\n"
    /* to each other */
    "table agents id* name department_id\n"
    "table departments id* name head_id\n"
    "key agents_department_id_fkey agents department_id departments id\n"
    "key departments_head_id_fkey departments head_id agents id\n"
    /* four ways through one junction */
    "table whatev_sites id* name\n"
    "table whatev_projects id* name\n"
    "table whatev_jobs job_id* site_id_1* project_id_1* site_id_2* project_id_2*\n"
    "key whatev_jobs_site_id_1_fkey whatev_jobs site_id_1 whatev_sites id\n"
    "key whatev_jobs_project_id_1_fkey whatev_jobs project_id_1 whatev_projects id\n"
    "key whatev_jobs_site_id_2_fkey whatev_jobs site_id_2 whatev_sites id\n"
    "key whatev_jobs_project_id_2_fkey whatev_jobs project_id_2 whatev_projects id\n"
    /* one to one */
    "table capitals id* country_id!\n"
    "table countries id* name\n"
    "key capitals_country_id_fkey capitals country_id countries id\n"
    "table profiles id* bio\n"
    "key profiles_id_fkey profiles id users id\n"
    "table first id* second_id_1! second_id_2!\n"
    "table second id* name\n"
    "key first_second_id_1_fkey first second_id_1 second id\n"
    "key first_second_id_2_fkey first second_id_2 second id\n"
    /* to themselves */
    "table family_tree id* name parent\n"
    "key pptr family_tree parent family_tree id\n"
    "table organizations id* name referee auditor manager_id\n"
    "table managers id* name\n"
    "key organizations_manager_id_fkey organizations manager_id managers id\n"
    "key organizations_auditor_fkey organizations auditor organizations id\n"
    "key organizations_referee_fkey organizations referee organizations id\n"
    "table partners id* partner_id!\n"
    "key partners_partner_id_fkey partners partner_id partners id\n"
    "table posters id* name\n"
    "table subscriptions subscriber* subscribed*\n"
    "key subscriptions_subscribed_fkey subscriptions subscribed posters id\n"
    "key subscriptions_subscriber_fkey subscriptions subscriber posters id\n"
    /* two keys of two columns to the same table */
    "table activities id* schedule_id* car_id\n"
    "table unit_workdays unit_id* day* fst_a fst_s snd_a snd_s\n"
    "key fst_shift unit_workdays fst_a,fst_s activities id,schedule_id\n"
    "key snd_shift unit_workdays snd_a,snd_s activities id,schedule_id\n"
    /* two keys to the same table; a view of it */
    "table person id* name\n"
    "table message id* body sender recipient\n"
    "view person_detail person.id person.name sent\n"
    "key message_sender_fkey message sender person id\n"
    "key message_recipient_fkey message recipient person id\n"
    /* views */
    "view projects_view projects.id projects.name projects.client_id\n"
    "view projects_named projects.id=nr projects.client_id=customer\n"
    "view clients_view clients.id=client_nr clients.name\n"
    "view tasks_view tasks.id tasks.project_id\n"
    "view joined projects.id tasks.id=task_id clients.id=client_id\n"
    "view statistics clients.name total\n"
    "view halves activities.id\n"
    "view v1 activities.id=a activities.schedule_id=b\n"
    "view v2 unit_workdays.unit_id unit_workdays.fst_a=a1 unit_workdays.fst_a=a2 "
    "unit_workdays.fst_s=b1 unit_workdays.fst_s=b2\n"
    "view family_view family_tree.id family_tree.parent\n"
    "view jobs_without_key jobs.site_id jobs.big_project_id\n"
    /* a junction whose columns are not all in its primary key, and one without a key */
    "table tags id* name\n"
    "table posts id* title\n"
    "table posts_tags id* post_id tag_id\n"
    "key posts_tags_post_id_fkey posts_tags post_id posts id\n"
    "key posts_tags_tag_id_fkey posts_tags tag_id tags id\n"
    /* nobody's */
    "table lonely id* name\n"
    "table dangling id* x_id\n"
    "key dangling_x_id_fkey dangling x_id nowhere id\n"
    /* hostile names */
    "table o'r\"d~e\\r~$%s;-- i\"d* k'ey\n"
    "table \xE6\x9C\xAC x* '\n"
    "key c)'\"%n~fk o'r\"d~e\\r~$%s;-- k'ey \xE6\x9C\xAC x\n";

static struct schema_fixture f;
static struct arena arena;
static struct fault fault;
static struct relation r;
static struct relation_scope scope;

static int set_up(void **state)
{
    (void)state;
    schema_fixture_init(&f, world);
    arena_init(&arena, NULL, 0, 1 << 20);
    scope = (struct relation_scope){.schema = &f.schema};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    schema_fixture_fini(&f);
    return 0;
}

/* "projects", "clients!client" */
static bool find(const char *from, const char *target)
{
    const struct schema_table *table = schema_find(&f.schema, str_of(from));
    const char *mark = strchr(target, '!');
    struct str name = str_of(target);
    struct str hint = {NULL, 0};

    assert_non_null(table);
    if (mark != NULL) {
        name.size = (size_t)(mark - target);
        hint = str_of(mark + 1);
    }
    memset(&r, 0x55, sizeof(r));
    fault = (struct fault){0};
    return relation_find(&scope, table, name, hint, &arena, &r, &fault);
}

static void append(char *text, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        strcat(strcat(text, i > 0 ? "," : ""), names[i]);
    }
}

/* "m1 client: projects(client_id) = clients(id)" */
static const char *described(void)
{
    static const char *const kinds[] = {"m1", "11", "1m", "mm"};
    static char text[1000];

    (void)snprintf(text, sizeof(text), "%s %s: %s(", kinds[r.kind], r.name, r.from->name);
    append(text, r.from_columns, r.from_count);
    if (r.junction != NULL) {
        strcat(strcat(strcat(text, ") = "), r.junction->name), "(");
        append(text, r.junction_from, r.from_count);
        strcat(text, ";");
        append(text, r.junction_to, r.to_count);
    }
    strcat(strcat(strcat(text, ") = "), r.to->name), "(");
    append(text, r.to_columns, r.to_count);
    return strcat(text, ")");
}

static void assert_found_at(const char *from, const char *target, const char *expected, int line)
{
    if (!find(from, target)) {
        print_error("%s -> %s: %s, %s\n", from, target, fault.message, fault.details);
        _fail(__FILE__, line);
    }
    if (strcmp(described(), expected) != 0) {
        print_error("%s -> %s: %s, not %s\n", from, target, described(), expected);
        _fail(__FILE__, line);
    }
    assert_int_equal(relation_is_to_one(&r),
                     r.kind == RELATION_MANY_TO_ONE || r.kind == RELATION_ONE_TO_ONE);
}

#define assert_found(from, target, expected) assert_found_at(from, target, expected, __LINE__)

static void assert_none_at(const char *from, const char *target, const char *hint, int line)
{
    if (find(from, target)) {
        print_error("%s -> %s: %s\n", from, target, described());
        _fail(__FILE__, line);
    }
    if (strcmp(fault.code, "PGRST200") != 0 || (fault.hint == NULL) != (hint == NULL) ||
        (hint != NULL && strcmp(fault.hint, hint) != 0)) {
        print_error("%s -> %s: %s %s hint %s\n", from, target, fault.code, fault.message,
                    fault.hint);
        _fail(__FILE__, line);
    }
    assert_int_equal(fault.http_status, 400);
    assert_false(fault.is_json);
    assert_int_equal(((unsigned char *)&r)[0], 0x55); /* untouched */
}

#define assert_none(from, target, hint) assert_none_at(from, target, hint, __LINE__)

/* The details, member by member, are expected; the order of members is not. */
static void assert_several_at(const char *from, const char *target, const char *expected,
                              const char *hint, int line)
{
    json_t *actual;
    json_t *wanted = json_loads(expected, 0, NULL);

    if (find(from, target)) {
        print_error("%s -> %s: %s\n", from, target, described());
        _fail(__FILE__, line);
    }
    assert_string_equal(fault.code, "PGRST201");
    assert_int_equal(fault.http_status, 300);
    assert_true(fault.is_json);
    assert_non_null(wanted);
    actual = json_loads(fault.details, 0, NULL);
    if (actual == NULL || !json_equal(actual, wanted)) {
        print_error("%s\n", fault.details);
        _fail(__FILE__, line);
    }
    if (strcmp(fault.hint, hint) != 0) {
        print_error("%s\n", fault.hint);
        _fail(__FILE__, line);
    }
    json_decref(actual);
    json_decref(wanted);
}

#define assert_several(from, target, expected, hint)                                               \
    assert_several_at(from, target, expected, hint, __LINE__)

/* --- tables ------------------------------------------------------------------------------------- */

static void between_tables(void **state)
{
    (void)state;
    assert_found("projects", "clients", "m1 client: projects(client_id) = clients(id)");
    assert_found("clients", "projects", "1m client: clients(id) = projects(client_id)");
    assert_found("CLIENTS", "Projects", "1m client: clients(id) = projects(client_id)");
    assert_found("comments", "users_tasks",
                 "m1 comments_task_fkey: comments(user_id,task_id) = users_tasks(user_id,task_id)");
    assert_found("users_tasks", "comments",
                 "1m comments_task_fkey: users_tasks(user_id,task_id) = comments(user_id,task_id)");
    assert_found("users_tasks", "users",
                 "m1 users_tasks_user_id_fkey: users_tasks(user_id) = users(id)");
}

static void by_constraint_or_column(void **state)
{
    (void)state;
    assert_found("projects", "client", "m1 client: projects(client_id) = clients(id)");
    assert_found("clients", "client", "1m client: clients(id) = projects(client_id)");
    assert_found("projects", "client_id", "m1 client: projects(client_id) = clients(id)");
    assert_found("projects", "CLIENT_ID", "m1 client: projects(client_id) = clients(id)");
    assert_found("message", "sender", "m1 message_sender_fkey: message(sender) = person(id)");
    assert_found("message", "message_recipient_fkey",
                 "m1 message_recipient_fkey: message(recipient) = person(id)");
    assert_found("unit_workdays", "fst_shift",
                 "m1 fst_shift: unit_workdays(fst_a,fst_s) = activities(id,schedule_id)");
    assert_found("activities", "snd_shift",
                 "1m snd_shift: activities(id,schedule_id) = unit_workdays(snd_a,snd_s)");
    assert_found("sites", "main_project",
                 "m1 main_project: sites(main_project_id) = big_projects(big_project_id)");
    assert_none("unit_workdays", "fst_a", NULL); /* one of two columns names no key */
    assert_none("projects", "name", NULL);
    assert_found("clients", "id", "1m client: clients(id) = projects(client_id)");
}

static void by_hint(void **state)
{
    (void)state;
    assert_found("projects", "clients!client", "m1 client: projects(client_id) = clients(id)");
    assert_found("projects", "clients!client_id", "m1 client: projects(client_id) = clients(id)");
    assert_found("projects", "clients!id", "m1 client: projects(client_id) = clients(id)");
    assert_found("clients", "projects!client", "1m client: clients(id) = projects(client_id)");
    assert_found("clients", "projects!client_id", "1m client: clients(id) = projects(client_id)");
    assert_found("message", "person!sender",
                 "m1 message_sender_fkey: message(sender) = person(id)");
    assert_found("message", "person!message_recipient_fkey",
                 "m1 message_recipient_fkey: message(recipient) = person(id)");
    assert_found("person", "message!recipient",
                 "1m message_recipient_fkey: person(id) = message(recipient)");
    assert_found("unit_workdays", "activities!fst_shift",
                 "m1 fst_shift: unit_workdays(fst_a,fst_s) = activities(id,schedule_id)");
    assert_found("agents", "departments!head_id",
                 "1m departments_head_id_fkey: agents(id) = departments(head_id)");
    assert_found("agents", "departments!department_id",
                 "m1 agents_department_id_fkey: agents(department_id) = departments(id)");
    assert_none("projects", "clients!clients", NULL);
    assert_none("projects", "client!client", NULL); /* a hint needs a table's name before it */
    assert_none("unit_workdays", "activities!fst_a", NULL);
    assert_none("message", "person!space", NULL);
    assert_none("message", "person!", NULL);
}

static void one_to_one(void **state)
{
    (void)state;
    assert_found("capitals", "countries",
                 "11 capitals_country_id_fkey: capitals(country_id) = countries(id)");
    assert_found("countries", "capitals",
                 "11 capitals_country_id_fkey: countries(id) = capitals(country_id)");
    assert_found("profiles", "users", "11 profiles_id_fkey: profiles(id) = users(id)");
    assert_found("users", "profiles!profiles_id_fkey",
                 "11 profiles_id_fkey: users(id) = profiles(id)");
    assert_found("first", "second_id_2",
                 "11 first_second_id_2_fkey: first(second_id_2) = second(id)");
}

static void many_to_many(void **state)
{
    (void)state;
    assert_found("users", "tasks",
                 "mm users_tasks_user_id_fkey and users_tasks_task_id_fkey: users(id) = "
                 "users_tasks(user_id;task_id) = tasks(id)");
    assert_found("tasks", "users",
                 "mm users_tasks_task_id_fkey and users_tasks_user_id_fkey: tasks(id) = "
                 "users_tasks(task_id;user_id) = users(id)");
    assert_found("users", "tasks!users_tasks",
                 "mm users_tasks_user_id_fkey and users_tasks_task_id_fkey: users(id) = "
                 "users_tasks(user_id;task_id) = tasks(id)");
    assert_found("sites", "big_projects!jobs",
                 "mm jobs_site_id_fkey and jobs_big_project_id_fkey: sites(site_id) = "
                 "jobs(site_id;big_project_id) = big_projects(big_project_id)");
    assert_found("sites", "big_projects!main_jobs",
                 "mm jobs_site_id_fkey and jobs_big_project_id_fkey: sites(site_id) = "
                 "main_jobs(site_id;big_project_id) = big_projects(big_project_id)");
    assert_found("sites", "big_projects!main_project",
                 "m1 main_project: sites(main_project_id) = big_projects(big_project_id)");
    assert_none("users", "tasks!users_tasks_user_id_fkey", NULL);
    assert_none("users", "tasks!id", NULL);
    assert_none("sites", "big_projects!jobs_without_key", NULL);
    assert_none("posts", "tags", NULL); /* the keys are not in the primary key */
    assert_found("posts", "posts_tags",
                 "1m posts_tags_post_id_fkey: posts(id) = posts_tags(post_id)");
}

/* --- to themselves ------------------------------------------------------------------------------ */

static void self_references(void **state)
{
    (void)state;
    assert_found("family_tree", "family_tree", "1m pptr: family_tree(id) = family_tree(parent)");
    assert_found("family_tree", "parent", "m1 pptr: family_tree(parent) = family_tree(id)");
    assert_found("family_tree", "family_tree!parent",
                 "1m pptr: family_tree(id) = family_tree(parent)");
    assert_found("family_tree", "family_tree!pptr",
                 "1m pptr: family_tree(id) = family_tree(parent)");
    assert_none("family_tree", "pptr", NULL);
    assert_none("family_tree", "family_tree!id", NULL);
    assert_found("organizations", "auditor",
                 "m1 organizations_auditor_fkey: organizations(auditor) = organizations(id)");
    assert_found("organizations", "organizations!auditor",
                 "1m organizations_auditor_fkey: organizations(id) = organizations(auditor)");
    assert_found("organizations", "organizations!organizations_referee_fkey",
                 "1m organizations_referee_fkey: organizations(id) = organizations(referee)");
    assert_found("organizations", "managers",
                 "m1 organizations_manager_id_fkey: organizations(manager_id) = managers(id)");
    assert_found("partners", "partner_id",
                 "11 partners_partner_id_fkey: partners(partner_id) = partners(id)");
    assert_found("partners", "partners",
                 "11 partners_partner_id_fkey: partners(id) = partners(partner_id)");
    assert_found("posters", "subscriptions!subscribed",
                 "1m subscriptions_subscribed_fkey: posters(id) = subscriptions(subscribed)");
    assert_found("subscriptions", "posters!subscriber",
                 "m1 subscriptions_subscriber_fkey: subscriptions(subscriber) = posters(id)");
    assert_none("posters", "posters", NULL);
    assert_none("posters", "posters!subscriptions", NULL);
}

/* --- views -------------------------------------------------------------------------------------- */

static void views(void **state)
{
    (void)state;
    assert_found("projects_view", "clients", "m1 client: projects_view(client_id) = clients(id)");
    assert_found("clients", "projects_view", "1m client: clients(id) = projects_view(client_id)");
    assert_found("projects_named", "clients", "m1 client: projects_named(customer) = clients(id)");
    assert_found("projects", "clients_view",
                 "m1 client: projects(client_id) = clients_view(client_nr)");
    assert_found("clients_view", "projects",
                 "1m client: clients_view(client_nr) = projects(client_id)");
    assert_found("projects_named", "clients_view",
                 "m1 client: projects_named(customer) = clients_view(client_nr)");
    assert_found("clients_view", "projects_named",
                 "1m client: clients_view(client_nr) = projects_named(customer)");
    assert_found("users", "tasks_view",
                 "mm users_tasks_user_id_fkey and users_tasks_task_id_fkey: users(id) = "
                 "users_tasks(user_id;task_id) = tasks_view(id)");
    assert_found("message", "person_detail!sender",
                 "m1 message_sender_fkey: message(sender) = person_detail(id)");
    assert_found("message", "person_detail!message_recipient_fkey",
                 "m1 message_recipient_fkey: message(recipient) = person_detail(id)");
    assert_found("tasks", "projects_view!project",
                 "m1 project: tasks(project_id) = projects_view(id)");
    assert_found("main_jobs", "sites", "m1 jobs_site_id_fkey: main_jobs(site_id) = sites(site_id)");
    assert_found("joined", "users",
                 "mm users_tasks_task_id_fkey and users_tasks_user_id_fkey: joined(task_id) = "
                 "users_tasks(task_id;user_id) = users(id)");
    /* its other tables' keys need columns that it does not have, but it is what they point at */
    assert_found("joined", "tasks", "1m project: joined(id) = tasks(project_id)");
    assert_found("projects", "joined", "m1 client: projects(client_id) = joined(client_id)");
    assert_none("statistics", "projects", NULL);
    assert_none("clients", "clients_view", NULL); /* the same rows, but no key */
    assert_none("halves", "unit_workdays", NULL); /* half of a key is none */
}

/* The name of a constraint or a column never leads to a view; it may come from one. */
static void views_have_to_be_named(void **state)
{
    (void)state;
    assert_found("projects_view", "client", "m1 client: projects_view(client_id) = clients(id)");
    assert_found("projects_named", "customer", "m1 client: projects_named(customer) = clients(id)");
    assert_none("projects_named", "client_id",
                "Perhaps you meant 'clients' instead of 'client_id'.");
    assert_found("message", "recipient",
                 "m1 message_recipient_fkey: message(recipient) = person(id)");
}

static void views_with_a_column_twice(void **state)
{
    (void)state;
    assert_several(
        "v2", "v1",
        "[{\"cardinality\":\"many-to-one\",\"embedding\":\"v2 with v1\","
        "\"relationship\":\"fst_shift using v2(a1, b1) and v1(a, b)\"},"
        "{\"cardinality\":\"many-to-one\",\"embedding\":\"v2 with v1\","
        "\"relationship\":\"fst_shift using v2(a1, b2) and v1(a, b)\"},"
        "{\"cardinality\":\"many-to-one\",\"embedding\":\"v2 with v1\","
        "\"relationship\":\"fst_shift using v2(a2, b1) and v1(a, b)\"},"
        "{\"cardinality\":\"many-to-one\",\"embedding\":\"v2 with v1\","
        "\"relationship\":\"fst_shift using v2(a2, b2) and v1(a, b)\"}]",
        "Try changing 'v1' to one of the following: 'v1!fst_shift', 'v1!fst_shift', "
        "'v1!fst_shift', 'v1!fst_shift'. Find the desired relationship in the 'details' key.");
}

static void views_of_a_self_reference(void **state)
{
    (void)state;
    assert_found("family_view", "family_view", "1m pptr: family_view(id) = family_view(parent)");
    assert_found("family_view", "parent", "m1 pptr: family_view(parent) = family_tree(id)");
    assert_several(
        "family_view", "family_tree!parent", /* the column's name is on both sides */
        "[{\"cardinality\":\"one-to-many\",\"embedding\":\"family_view with family_tree\","
        "\"relationship\":\"pptr using family_view(id) and family_tree(parent)\"},"
        "{\"cardinality\":\"many-to-one\",\"embedding\":\"family_view with family_tree\","
        "\"relationship\":\"pptr using family_view(parent) and family_tree(id)\"}]",
        "Try changing 'family_tree' to one of the following: 'family_tree!pptr', "
        "'family_tree!pptr'. Find the desired relationship in the 'details' key.");
}

/* --- several ------------------------------------------------------------------------------------ */

static void several(void **state)
{
    (void)state;
    assert_several(
        "sites", "big_projects",
        "[{\"cardinality\":\"many-to-one\",\"embedding\":\"sites with big_projects\","
        "\"relationship\":\"main_project using sites(main_project_id) and "
        "big_projects(big_project_id)\"},"
        "{\"cardinality\":\"many-to-many\",\"embedding\":\"sites with big_projects\","
        "\"relationship\":\"jobs using jobs_site_id_fkey(site_id) and "
        "jobs_big_project_id_fkey(big_project_id)\"},"
        "{\"cardinality\":\"many-to-many\",\"embedding\":\"sites with big_projects\","
        "\"relationship\":\"main_jobs using jobs_site_id_fkey(site_id) and "
        "jobs_big_project_id_fkey(big_project_id)\"}]",
        "Try changing 'big_projects' to one of the following: 'big_projects!main_project', "
        "'big_projects!jobs', 'big_projects!main_jobs'. Find the desired relationship in the "
        "'details' key.");
    assert_string_equal(fault.message, "Could not embed because more than one relationship was "
                                       "found for 'sites' and 'big_projects'");
    assert_several(
        "agents", "departments",
        "[{\"cardinality\":\"one-to-many\",\"embedding\":\"agents with departments\","
        "\"relationship\":\"departments_head_id_fkey using agents(id) and departments(head_id)\"},"
        "{\"cardinality\":\"many-to-one\",\"embedding\":\"agents with departments\","
        "\"relationship\":\"agents_department_id_fkey using agents(department_id) and "
        "departments(id)\"}]",
        "Try changing 'departments' to one of the following: "
        "'departments!departments_head_id_fkey', 'departments!agents_department_id_fkey'. Find the "
        "desired relationship in the 'details' key.");
    assert_several(
        "first", "second",
        "[{\"cardinality\":\"one-to-one\",\"embedding\":\"first with second\","
        "\"relationship\":\"first_second_id_1_fkey using first(second_id_1) and second(id)\"},"
        "{\"cardinality\":\"one-to-one\",\"embedding\":\"first with second\","
        "\"relationship\":\"first_second_id_2_fkey using first(second_id_2) and second(id)\"}]",
        "Try changing 'second' to one of the following: 'second!first_second_id_1_fkey', "
        "'second!first_second_id_2_fkey'. Find the desired relationship in the 'details' key.");
}

static void several_ways_through_a_junction(void **state)
{
    (void)state;
#define WAY(site, project)                                                                         \
    "{\"cardinality\":\"many-to-many\",\"embedding\":\"whatev_sites with whatev_projects\","       \
    "\"relationship\":\"whatev_jobs using whatev_jobs_site_id_" site "_fkey(site_id_" site         \
    ") and whatev_jobs_project_id_" project "_fkey(project_id_" project ")\"}"
    assert_several("whatev_sites", "whatev_projects",
                   "[" WAY("1", "1") "," WAY("1", "2") "," WAY("2", "1") "," WAY("2", "2") "]",
                   "Try changing 'whatev_projects' to one of the following: "
                   "'whatev_projects!whatev_jobs', 'whatev_projects!whatev_jobs', "
                   "'whatev_projects!whatev_jobs', 'whatev_projects!whatev_jobs'. Find the desired "
                   "relationship in the 'details' key.");
#undef WAY
    assert_found("whatev_jobs", "whatev_projects!project_id_2",
                 "m1 whatev_jobs_project_id_2_fkey: whatev_jobs(project_id_2) = "
                 "whatev_projects(id)");
}

static void several_of_other_kinds(void **state)
{
    (void)state;
    assert_false(find("message", "person"));
    assert_string_equal(fault.code, "PGRST201");
    assert_false(find("organizations", "organizations"));
    assert_string_equal(fault.code, "PGRST201");
    assert_false(find("users", "id")); /* referenced by tables of three kinds */
    assert_string_equal(fault.code, "PGRST201");
    assert_non_null(strstr(fault.hint, "'comments!comments_commenter_id_fkey', "
                                       "'profiles!profiles_id_fkey', "
                                       "'users_tasks!users_tasks_user_id_fkey'"));
}

/* --- none --------------------------------------------------------------------------------------- */

static void none(void **state)
{
    (void)state;
    assert_none("clients", "tasks", NULL);
    assert_string_equal(fault.message,
                        "Could not find a relationship between 'clients' and 'tasks' "
                        "in the schema cache");
    assert_string_equal(fault.details,
                        "Searched for a foreign key relationship between 'clients' and 'tasks' in "
                        "the schema 'main', but no matches were found.");
    assert_none("message", "person!space", NULL);
    assert_string_equal(fault.details,
                        "Searched for a foreign key relationship between 'message' and 'person' "
                        "using the hint 'space' in the schema 'main', but no matches were found.");
    assert_none("clients", "project", "Perhaps you meant 'projects' instead of 'project'.");
    assert_none("clients", "porjects", "Perhaps you meant 'projects' instead of 'porjects'.");
    assert_none("clients", "client_view", NULL); /* near, but not related */
    assert_none("lonely", "clients", NULL);
    assert_none("dangling", "nowhere", NULL);
    assert_none("dangling", "x_id", NULL);
    assert_none("clients", "", NULL);
}

static void hostile_names(void **state)
{
    const char *orders = "o'r\"d e\\r $%s;--";
    const char *book = "\xE6\x9C\xAC";
    char text[200];

    (void)state;
    assert_found(orders, book, "m1 c)'\"%n fk: o'r\"d e\\r $%s;--(k'ey) = \xE6\x9C\xAC(x)");
    assert_found(book, orders, "1m c)'\"%n fk: \xE6\x9C\xAC(x) = o'r\"d e\\r $%s;--(k'ey)");
    assert_found(orders, "k'ey", "m1 c)'\"%n fk: o'r\"d e\\r $%s;--(k'ey) = \xE6\x9C\xAC(x)");
    assert_found(orders, "c)'\"%n fk", "m1 c)'\"%n fk: o'r\"d e\\r $%s;--(k'ey) = \xE6\x9C\xAC(x)");
    assert_none("clients", "%s%n'\"; --", NULL);
    assert_string_equal(fault.message, "Could not find a relationship between 'clients' and "
                                       "'%s%n'\"; --' in the schema cache");
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_none("clients", text, NULL);
}

/* --- what clients may see ----------------------------------------------------------------------- */

static bool is_not_hidden(const void *user, const struct schema_table *table)
{
    const char *const *hidden = user;

    while (*hidden != NULL && strcmp(*hidden, table->name) != 0) {
        hidden++;
    }
    return *hidden == NULL;
}

static void hidden_tables(void **state)
{
    static const char *const hidden[] = {"clients", "users_tasks", "jobs", "person", NULL};

    (void)state;
    scope.is_served = is_not_hidden;
    scope.user = hidden;
    assert_none("projects", "clients", "Perhaps you meant 'clients_view' instead of 'clients'.");
    assert_none("projects", "client", "Perhaps you meant 'clients_view' instead of 'client'.");
    assert_none("projects", "client_id", NULL);
    assert_none("message", "sender", NULL);
    assert_found("projects", "clients_view",
                 "m1 client: projects(client_id) = clients_view(client_nr)");
    assert_none("projects", "clients_vew",
                "Perhaps you meant 'clients_view' instead of 'clients_vew'.");
    assert_none("projects", "cleints", NULL); /* a hint does not tell what is hidden */
    assert_found("users", "tasks",
                 "mm users_tasks_user_id_fkey and users_tasks_task_id_fkey: users(id) = "
                 "users_tasks(user_id;task_id) = tasks(id)");
    assert_false(find("sites", "big_projects")); /* by its own key, or by the view of jobs */
    assert_null(strstr(fault.hint, "!jobs'"));
    assert_non_null(strstr(fault.hint, "!main_jobs'"));
    assert_found("sites", "big_projects!jobs",
                 "mm jobs_site_id_fkey and jobs_big_project_id_fkey: sites(site_id) = "
                 "jobs(site_id;big_project_id) = big_projects(big_project_id)");
}

/* --- bounds ------------------------------------------------------------------------------------- */

/* Each way of running out of memory is that fault, and nothing else. */
static void no_memory(void **state)
{
    static const char *const targets[] = {"tasks", "big_projects", "nothing", "tasks!users_tasks"};
    static const char *const froms[] = {"users", "sites", "clients", "users"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(targets); i++) {
        bool is_done = false;
        for (size_t room = 0; !is_done; room += 16) {
            static _Alignas(16) char first[65536];
            bool is_good;
            arena_fini(&arena);
            arena_init(&arena, first, room, 0);
            is_good = find(froms[i], targets[i]);
            is_done = is_good || strcmp(fault.code, "53200") != 0;
            assert_true(room < sizeof(first));
        }
    }
}

/* A schema of 1,000 tables with three keys each, all of them junctions. */
static void many_tables(void **state)
{
    char *text = fixture_alloc(1, 1 << 20);
    size_t size = 0;
    struct random random = {7};

    (void)state;
    schema_fixture_fini(&f);
    for (unsigned i = 0; i < 1000; i++) {
        size += (size_t)sprintf(text + size, "table table_%u id a* b* c*\n", i);
    }
    for (unsigned i = 0; i < 1000; i++) {
        for (unsigned j = 0; j < 3; j++) {
            size += (size_t)sprintf(text + size, "key table_%u_%c_fkey table_%u %c table_%zu id\n",
                                    i, "abc"[j], i, "abc"[j], random_below(&random, 1000));
        }
    }
    schema_fixture_init(&f, text);
    free(text);
    for (unsigned i = 0; i < 1000; i++) {
        char from[20];
        char target[30];
        (void)sprintf(from, "table_%u", i);
        arena_fini(&arena);
        arena_init(&arena, NULL, 0, 1 << 20);
        if (i % 50 == 0) { /* mostly there is none, and the nearest name is looked for */
            (void)sprintf(target, "table_%zu!b", random_below(&random, 1000));
            (void)find(from, target);
        }
        (void)sprintf(target, "table_%u_b_fkey", i);
        if (find(from, target)) {
            assert_string_equal(r.name, target);
        }
    }
}

/* Sixteen million ways to name the columns of two keys: were all looked at, it would take minutes. */
static void many_names(void **state)
{
    static const char text[] =
        "table p a* b* c* d*\ntable q a* b* c* d*\ntable j a* b* c* d* e* f* g* h*\n"
        "key to_p j a,b,c,d p a,b,c,d\nkey to_q j e,f,g,h q a,b,c,d\n"
        "view vp p.a=a1 p.a=a2 p.a=a3 p.a=a4 p.b=b1 p.b=b2 p.b=b3 p.b=b4"
        " p.c=c1 p.c=c2 p.c=c3 p.c=c4 p.d=d1 p.d=d2 p.d=d3 p.d=d4\n"
        "view vq q.a=a1 q.a=a2 q.a=a3 q.a=a4 q.b=b1 q.b=b2 q.b=b3 q.b=b4"
        " q.c=c1 q.c=c2 q.c=c3 q.c=c4 q.d=d1 q.d=d2 q.d=d3 q.d=d4\n"
        "view vj j.a=a1 j.a=a2 j.b=b1 j.b=b2 j.c=c1 j.c=c2 j.d=d1 j.d=d2"
        " j.e=e1 j.e=e2 j.f=f1 j.f=f2 j.g=g1 j.g=g2 j.h=h1 j.h=h2\n";

    (void)state;
    schema_fixture_fini(&f);
    schema_fixture_init(&f, text);
    for (int i = 0; i < 20; i++) {
        assert_false(find("vp", "vq!nothing"));
        assert_string_equal(fault.code, "PGRST200");
    }
    assert_false(find("vp", "vq"));
    assert_string_equal(fault.code, "PGRST201");
}

/* From everywhere to everywhere, with every hint: an answer that makes sense, or a fault. */
static void everything_with_everything(void **state)
{
    static const char *const hints[] = {NULL, "id", "users_tasks"};
    size_t found = 0;

    (void)state;
    for (size_t i = 0; i < f.schema.tables_count; i++) {
        for (size_t j = 0; j < f.schema.tables_count; j++) {
            for (size_t k = 0; k < ARRAY_LENGTH(hints); k++) {
                struct str hint = {NULL, 0};
                const struct schema_table *to = &f.schema.tables[j];
                if (hints[k] != NULL) {
                    hint = str_of(hints[k]);
                }
                arena_fini(&arena);
                arena_init(&arena, NULL, 0, 1 << 20);
                if (!relation_find(&scope, &f.schema.tables[i], str_of(to->name), hint, &arena, &r,
                                   &fault)) {
                    assert_true(fault.http_status == 400 || fault.http_status == 300);
                    continue;
                }
                found++;
                assert_ptr_equal(r.from, &f.schema.tables[i]);
                assert_true(r.from_count > 0 && r.to_count > 0);
                assert_true(r.junction != NULL || r.from_count == r.to_count);
                for (size_t c = 0; c < r.from_count; c++) {
                    assert_non_null(schema_find_column(r.from, str_of(r.from_columns[c])));
                }
                for (size_t c = 0; c < r.to_count; c++) {
                    assert_non_null(schema_find_column(r.to, str_of(r.to_columns[c])));
                }
            }
        }
    }
    assert_true(found > 100);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(between_tables),
        TEST(by_constraint_or_column),
        TEST(by_hint),
        TEST(one_to_one),
        TEST(many_to_many),
        TEST(self_references),
        TEST(views),
        TEST(views_have_to_be_named),
        TEST(views_with_a_column_twice),
        TEST(views_of_a_self_reference),
        TEST(several),
        TEST(several_ways_through_a_junction),
        TEST(several_of_other_kinds),
        TEST(none),
        TEST(hostile_names),
        TEST(hidden_tables),
        TEST(no_memory),
        TEST(many_tables),
        TEST(many_names),
        TEST(everything_with_everything),
    };

    return cmocka_run_group_tests_name("handlers/relation", tests, NULL, NULL);
}
