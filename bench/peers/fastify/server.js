'use strict'
// The routes of the comparison on Node.js: Fastify and better-sqlite3.
//
//     node server.js DATABASE PORT PROCESSES
//
// better-sqlite3 is synchronous, and that is how it is used: a short query costs less than handing
// it to another thread would. Fastify compiles the schemas of the answers to a serializer each.
// With more than one process, node:cluster shares the listening socket among them.

const cluster = require('node:cluster')
const Database = require('better-sqlite3')
const fastify = require('fastify')

const [path, port, processes] = process.argv.slice(2)

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

  app.listen({ host: '127.0.0.1', port: Number(port) })
}

if (Number(processes) > 1 && cluster.isPrimary) {
  for (let i = 0; i < Number(processes); i++) {
    cluster.fork()
  }
} else {
  serve()
}
