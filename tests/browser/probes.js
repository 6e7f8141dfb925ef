/* What the tests look at from inside a page; part of every page before its own scripts. */
window.probes = (() => {
  let shift = 0;
  const shifted = [];
  const mediaEvents = [];
  const frames = [];
  const beeps = [];
  const clocks = [];

  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.hadRecentInput) continue;
      shift += entry.value;
      shifted.push(...entry.sources.map(({ node }) => node?.outerHTML?.slice(0, 120) ?? String(node)));
    }
  }).observe({ type: 'layout-shift', buffered: true });

  // Media events do not bubble, but they are captured on their way down.
  for (const name of ['waiting', 'stalled', 'playing', 'seeked', 'pause', 'ended', 'error']) {
    document.addEventListener(name, (event) => mediaEvents.push({ name, at: event.target.currentTime }), true);
  }

  const video = () => document.querySelector('video');
  const ranges = () => Array.from({ length: video().buffered.length }, (_, n) => [video().buffered.start(n), video().buffered.end(n)]);

  /** Notes every frame that is presented from now on: its media time, its number, and how bright it is (0..255). */
  function watchFrames() {
    const screen = new OffscreenCanvas(8, 8).getContext('2d', { willReadFrequently: true });
    const see = (_now, { mediaTime, presentedFrames }) => {
      screen.drawImage(video(), 0, 0, 8, 8);
      frames.push({ time: mediaTime, number: presentedFrames, luma: screen.getImageData(4, 4, 1, 1).data[1] });
      video().requestVideoFrameCallback(see);
    };
    video().requestVideoFrameCallback(see);
  }

  /** Takes the sound of the element; needs a page without a Content-Security-Policy, whose script the tap would be. */
  async function tapSound() {
    const sound = new AudioContext();
    const tap = `registerProcessor('tap', class extends AudioWorkletProcessor {
      quiet = 0;
      process([[samples]]) {
        for (let n = 0; n < (samples?.length ?? 0); n += 1) {
          const isLoud = Math.abs(samples[n]) > 0.1;
          if (isLoud && this.quiet > sampleRate / 2) this.port.postMessage((currentFrame + n) / sampleRate);
          this.quiet = isLoud ? 0 : this.quiet + 1;
        }
        return true;
      }
    })`;
    await sound.audioWorklet.addModule(URL.createObjectURL(new Blob([tap], { type: 'text/javascript' })));
    const listener = new AudioWorkletNode(sound, 'tap');
    listener.port.onmessage = ({ data }) => beeps.push(data);
    const source = sound.createMediaElementSource(video());
    const spectrum = new AnalyserNode(sound, { fftSize: 4096, smoothingTimeConstant: 0 });
    source.connect(listener);
    source.connect(spectrum).connect(sound.destination);
    await sound.resume();
    const compare = () => {
      if (!video().paused && !video().seeking) clocks.push([sound.currentTime, video().currentTime]);
      requestAnimationFrame(compare);
    };
    compare();
    window.probes.loudestHz = () => {
      const bins = new Float32Array(spectrum.frequencyBinCount);
      spectrum.getFloatFrequencyData(bins);
      return (bins.indexOf(Math.max(...bins)) * sound.sampleRate) / spectrum.fftSize;
    };
  }

  return {
    frames, mediaEvents, beeps, clocks, video, ranges, watchFrames, tapSound,
    shift: () => ({ sum: shift, of: shifted }),
    overflow: () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  };
})();
