'use strict'
// The routes of the comparison on Node.js: Fastify and better-sqlite3.
//
//     node server.js DATABASE PORT PROCESSES [json]
//
// better-sqlite3 is synchronous, and that is how it is used: a short query costs less than handing
// it to another thread would. Fastify compiles the schemas of the answers to a serializer each.
// With more than one process, node:cluster shares the listening socket among them. With "json",
// SQLite itself writes the list with children. What writes has a connection of its own, opened by
// the first insert; its synchronous has to be said, as better-sqlite3's own SQLite defaults to NORMAL.

const cluster = require('node:cluster')
const Database = require('better-sqlite3')
const fastify = require('fastify')

const [path, port, processes, embedding] = process.argv.slice(2)

const book = {
  type: 'object',
  properties: {
    id: { type: 'integer' },
    title: { type: 'string' },
    author: { type: 'string' },
    year: { type: 'integer' },
    price: { type: 'number' }
  }
}

const writer = {
  type: 'object',
  properties: {
    id: { type: 'integer' },
    name: { type: 'string' },
    country: { type: 'string' },
    works: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          id: { type: 'integer' },
          title: { type: 'string' },
          year: { type: 'integer' }
        }
      }
    }
  }
}

const embedSQL = `
  SELECT w.id, w.name, w.country, k.id AS work, k.title, k.year
  FROM (SELECT id, name, country FROM writers WHERE id > ? ORDER BY id LIMIT 100) w
  LEFT JOIN works k ON k.writer_id = w.id ORDER BY w.id, k.id`

const embedJSON = `
  SELECT json_group_array(json(o)) FROM (
    SELECT json_object('id', w.id, 'name', w.name, 'country', w.country, 'works', (
      SELECT json_group_array(json(p)) FROM (
        SELECT json_object('id', k.id, 'title', k.title, 'year', k.year) AS p
        FROM works k WHERE k.writer_id = w.id ORDER BY k.id))) AS o
    FROM writers w WHERE w.id > ? ORDER BY w.id LIMIT 100)`

// One join, ordered by writer; the work is null for a writer without works.
function group (rows) {
  const writers = []
  let last
  for (const row of rows) {
    if (last === undefined || last.id !== row.id) {
      last = { id: row.id, name: row.name, country: row.country, works: [] }
      writers.push(last)
    }
    if (row.work !== null) {
      last.works.push({ id: row.work, title: row.title, year: row.year })
    }
  }
  return writers
}

function openInsert () {
  const db = new Database(path, { fileMustExist: true, timeout: 5000 })
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  return db.prepare('INSERT INTO log(text) VALUES (?)')
}

function serve () {
  const db = new Database(path, { readonly: true, fileMustExist: true })
  const columns = 'SELECT id, title, author, year, price FROM books'
  const point = db.prepare(`${columns} WHERE id = ?`)
  const list = db.prepare(`${columns} WHERE id > ? ORDER BY id LIMIT 100`)
  const app = fastify({ logger: false })

  app.get('/point/:id', {
    schema: {
      params: { type: 'object', properties: { id: { type: 'integer' } } },
      response: { 200: book }
    }
  }, (request, reply) => {
    const row = point.get(request.params.id)
    if (row === undefined) {
      reply.code(404).send({ error: 'no such book' })
      return
    }
    reply.send(row)
  })

  app.get('/list', {
    schema: {
      querystring: {
        type: 'object', required: ['offset'], properties: { offset: { type: 'integer' } }
      },
      response: { 200: { type: 'array', items: book } }
    }
  }, (request, reply) => {
    reply.send(list.all(request.query.offset))
  })

  const querystring = {
    type: 'object', required: ['offset'], properties: { offset: { type: 'integer' } }
  }
  if (embedding === 'json') {
    const embed = db.prepare(embedJSON).pluck()
    app.get('/embed', { schema: { querystring } }, (request, reply) => {
      reply.type('application/json').send(embed.get(request.query.offset))
    })
  } else {
    const embed = db.prepare(embedSQL)
    app.get('/embed', {
      schema: { querystring, response: { 200: { type: 'array', items: writer } } }
    }, (request, reply) => {
      reply.send(group(embed.all(request.query.offset)))
    })
  }

  let insert
  app.post('/log', {
    schema: {
      body: { type: 'object', required: ['text'], properties: { text: { type: 'string' } } },
      response: { 201: { type: 'object', properties: { id: { type: 'integer' } } } }
    }
  }, (request, reply) => {
    insert ??= openInsert()
    reply.code(201).send({ id: insert.run(request.body.text).lastInsertRowid })
  })

  app.listen({ host: '127.0.0.1', port: Number(port) })
}

if (Number(processes) > 1 && cluster.isPrimary) {
  for (let i = 0; i < Number(processes); i++) {
    cluster.fork()
  }
} else {
  serve()
}
