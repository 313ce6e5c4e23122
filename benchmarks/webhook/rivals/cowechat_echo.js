// co-wechat's echo on koa 2, as its README shows it.
'use strict';

const Koa = require('koa');
const wechat = require('co-wechat');

const setup = JSON.parse(process.env.BENCHMARK_SETUP);
const app = new Koa();
const config = { token: setup.token, appid: setup.app_id, encodingAESKey: setup.aes_key };

app.use(wechat(config).middleware(async (message) => message.Content || message.EventKey));
app.listen(setup.port, '127.0.0.1');
