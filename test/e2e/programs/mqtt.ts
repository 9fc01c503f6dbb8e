// An MQTT broker of two processes' worth: aedes at each router, its subscriptions, retained and waiting messages in
// aedes-persistence-redis, its messages between the two by mqemitter-redis. Clients come by mqtt over TCP.
import assert from 'node:assert/strict';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Aedes } from 'aedes';
// @ts-expect-error the package has no types
import persistence from 'aedes-persistence-redis';
import emitter from 'mqemitter-redis';
import mqtt from 'mqtt';
import { fail, host, keysLeft, type Place, run, until } from './program.js';

async function brokerAt(place: Place, which: 0 | 1) {
  const redis = { host, port: place.ports[which], db: place.database };
  const broker = await Aedes.createBroker({
    id: `broker-${which}`,
    mq: emitter(redis),
    persistence: persistence(redis),
    heartbeatInterval: 500,
  });
  // A client that goes without a word while the broker still writes to it is an error to aedes.
  const report = (_client: unknown, error: Error) => error.message !== 'connection closed' && fail(error);
  broker.on('clientError', report);
  broker.on('connectionError', report);
  const server = createServer((socket) => void broker.handle(socket));
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return { broker, server, at: `mqtt://${host}:${(server.address() as AddressInfo).port}` };
}

/** A client that keeps what it received. */
async function clientAt(at: string, clientId: string, more: mqtt.IClientOptions = {}) {
  const options = { clientId, reconnectPeriod: 0, connectTimeout: 20_000, ...more };
  const client = await mqtt.connectAsync(at, options);
  client.on('error', fail);
  return client;
}

function collect(client: mqtt.MqttClient): string[] {
  const received: string[] = [];
  client.on('message', (topic, payload, { retain }) => {
    received.push(`${topic} ${payload}${retain ? ' (retained)' : ''}`);
  });
  return received;
}

run(async (place) => {
  const brokers = [await brokerAt(place, 0), await brokerAt(place, 1)];
  let delivered = 0;
  const rooms = new Set<string>();
  return {
    lingers:
      'the destroy() of aedes-persistence-redis never answers over mqemitter-redis: its connections stay',
    async round(number) {
      const [here, there] = [brokers[number % 2]!.at, brokers[(number + 1) % 2]!.at];
      const sensor = await clientAt(here, `sensor${number}`, {
        will: { topic: `house/${number}/status`, payload: Buffer.from('lost'), qos: 1, retain: false },
      });
      const panel = await clientAt(there, `panel${number}`);
      const seen = collect(panel);
      await panel.subscribeAsync(`house/${number}/#`, { qos: 1 });
      const wanted: string[] = [];
      for (const qos of [0, 1, 2] as const) {
        for (let i = 0; i < 10; i++) {
          await sensor.publishAsync(`house/${number}/room${i % 3}`, `${qos}:${i}`, { qos });
          wanted.push(`house/${number}/room${i % 3} ${qos}:${i}`);
        }
      }
      await until('the panel has seen all', () => seen.length >= wanted.length);
      assert.deepEqual(seen.toSorted(), wanted.toSorted());

      // Messages for one who is away wait, and are handed over by the broker to which it comes back.
      const night = { clean: false };
      const watch = await clientAt(here, `watch${number}`, night);
      await watch.subscribeAsync(`alarm/${number}/+`, { qos: 1 });
      await watch.endAsync();
      const bells = [await clientAt(here, `bell${number}`), await clientAt(there, `gong${number}`)];
      const rung = bells.map(collect);
      for (const bell of bells) await bell.subscribeAsync(`alarm/${number}/#`, { qos: 1 });
      const alarms = Array.from({ length: 12 }, (_, i) => `alarm/${number}/door ${i}`);
      for (const alarm of alarms) {
        const [topic, text] = alarm.split(' ');
        await sensor.publishAsync(topic!, text!, { qos: 1 });
      }
      // aedes may mix up messages that a client missed with those that come as it comes back.
      await until('the alarms have rung', () => rung.every(({ length }) => length >= alarms.length));
      const back = mqtt.connect(there, { clientId: `watch${number}`, reconnectPeriod: 0, ...night });
      back.on('error', fail);
      const heard = collect(back);
      await until('the watch has heard all', () => heard.length >= alarms.length);
      assert.deepEqual(heard.toSorted(), alarms.toSorted());
      await back.unsubscribeAsync(`alarm/${number}/+`);
      await back.endAsync();
      // A clean start takes the session away.
      await (await clientAt(here, `watch${number}`)).endAsync();

      // What is retained meets who comes later. With qos 2: aedes acknowledges qos 1 before it publishes.
      await sensor.publishAsync(`level/${number}`, 'high', { qos: 2, retain: true });
      rooms.add(`level/${number} high (retained)`);
      const late = await clientAt(there, `late${number}`);
      const found = collect(late);
      await late.subscribeAsync('level/+', { qos: 1 });
      await until('what was retained has come', () => found.length >= rooms.size);
      assert.deepEqual(found.toSorted(), [...rooms].sort());

      // Whoever goes without a word leaves a will.
      sensor.stream.destroy();
      await until('the will is read', () => seen.includes(`house/${number}/status lost`));
      delivered += seen.length + heard.length + found.length;
      await Promise.all([panel, late, ...bells].map((client) => client.endAsync()));
    },
    async finish() {
      const reader = await clientAt(brokers[0]!.at, 'reader');
      const found = collect(reader);
      await reader.subscribeAsync('level/#');
      await until('all that was retained has come', () => found.length >= rooms.size);
      assert.deepEqual(found.toSorted(), [...rooms].sort());
      for (const room of rooms) await reader.publishAsync(room.split(' ')[0]!, '', { retain: true, qos: 2 });
      await reader.endAsync();
      await until('the brokers are alone', () =>
        brokers.every(({ broker }) => broker.connectedClients === 0),
      );
      // mqemitter-redis fails when it is closed while it unsubscribes from what the last client heard.
      await sleep(200);
      for (const { server, broker } of brokers) {
        server.close();
        await new Promise<void>((resolve) => broker.close(resolve));
      }
      const left = (await keysLeft(place)).filter((key) => !/^(clients|retained|will)$/.test(key));
      assert.deepEqual(left, [], 'no message waits any more');
      return `${delivered} messages delivered`;
    },
  };
});
