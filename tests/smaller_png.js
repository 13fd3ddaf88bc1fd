/* Rewrites a PNG (base64) with a palette of 256 colours: pictures of pages hold few more, and take a third of the room. */
async (source) => {
  const blob = await (await fetch(`data:image/png;base64,${source}`)).blob();
  const bitmap = await createImageBitmap(blob);
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);

  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) || 0) + 1);
  const parts = (colour) => [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];
  // A few pixels of green or red say more than many of yet another grey.
  const weight = (colour) => counts.get(colour) * (1 + (Math.max(...parts(colour)) - Math.min(...parts(colour))) ** 2 / 60);
  const weights = new Map([...counts.keys()].map((colour) => [colour, weight(colour)]));
  const colours = [...counts.keys()].sort((a, b) => weights.get(b) - weights.get(a));
  const palette = colours.slice(0, 256);
  const known = palette.map(parts);
  const index = new Map(palette.map((colour, place) => [colour, place]));
  for (const colour of colours.slice(256)) {
    const [r, g, b] = parts(colour);
    let best = 0;
    let least = Infinity;
    known.forEach(([pr, pg, pb], place) => {
      const distance = (r - pr) ** 2 + (g - pg) ** 2 + (b - pb) ** 2;
      if (distance < least) [best, least] = [place, distance];
    });
    index.set(colour, best);
  }
  const rows = new Uint8Array((width + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) rows[y * (width + 1) + 1 + x] = index.get(pixels[y * width + x]);
  }
  const packed = new Uint8Array(await new Response(new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate"))).arrayBuffer());

  const table = Array.from({ length: 256 }, (_, number) => {
    let value = number;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value >>> 0;
  });
  const chunk = (name, data) => {
    const body = new Uint8Array(12 + data.length);
    const view = new DataView(body.buffer);
    view.setUint32(0, data.length);
    body.set([...name].map((letter) => letter.charCodeAt(0)), 4);
    body.set(data, 8);
    let sum = 0xffffffff;
    for (const byte of body.subarray(4, 8 + data.length)) sum = table[(sum ^ byte) & 255] ^ (sum >>> 8);
    view.setUint32(8 + data.length, (sum ^ 0xffffffff) >>> 0);
    return body;
  };
  const head = new Uint8Array(13);
  const view = new DataView(head.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  head.set([8, 3, 0, 0, 0], 8);
  const file = new Blob([
    new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10]), chunk("IHDR", head), chunk("PLTE", new Uint8Array(known.flat())),
    chunk("IDAT", packed), chunk("IEND", new Uint8Array()),
  ]);
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return btoa(text);
}
