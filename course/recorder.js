// The button of course/recorder.py. It records in the browser's own format, turns that into
// samples, and hands them to Python; nothing is sent anywhere else.

const PROBLEMS = {
  NotAllowedError:
    "The browser does not allow the microphone: allow it in the address bar or in the browser's " +
    "settings, then press Record again.",
  NotFoundError: "There is no microphone: connect one, then press Record again.",
  NotReadableError:
    "The microphone is in use or does not answer: close what else uses it, then press Record again.",
  NoAccess:
    "A browser gives the microphone to safe pages alone: open the notebook at localhost or at an " +
    "address that begins with https.",
  EncodingError: "The recording was too short to be read: press Record and speak again.",
};

async function openMicrophone() {
  if (!navigator.mediaDevices) {
    throw { name: "NoAccess" };
  }
  // What is heard is what is wanted, without what suits a telephone call.
  const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  return navigator.mediaDevices.getUserMedia({ audio });
}

// Return the mean of the channels as a Float32Array.
async function samples(blob, rate) {
  const context = new OfflineAudioContext(1, 1, rate); // it resamples what it decodes
  const sound = await context.decodeAudioData(await blob.arrayBuffer());
  const mean = new Float32Array(sound.length);
  for (let channel = 0; channel < sound.numberOfChannels; channel++) {
    const values = sound.getChannelData(channel);
    for (let i = 0; i < mean.length; i++) {
      mean[i] += values[i] / sound.numberOfChannels;
    }
  }
  return mean;
}

function render({ model, el }) {
  const button = document.createElement("button");
  const status = document.createElement("span");
  const player = document.createElement("audio");
  button.className = "jupyter-widgets jupyter-button widget-button"; // looks like other widgets'
  button.style.width = "8em";
  status.style.cssText = "margin-left: 1em";
  status.setAttribute("role", "status");
  player.style.marginTop = "0.5em";
  player.style.display = "none"; // until there is something to play
  player.controls = true;
  el.append(button, status, player);

  let recorder = null;
  let clock = null;
  const idle = (text) => {
    button.textContent = "Record";
    button.disabled = false;
    status.textContent = text;
  };

  async function start() {
    button.disabled = true;
    status.textContent = "Waiting for the microphone";
    player.style.display = "none";
    save(null); // what was recorded before is not mistaken for the new sound
    const stream = await openMicrophone();
    const pieces = [];
    recorder = new MediaRecorder(stream);
    recorder.ondataavailable = (event) => pieces.push(event.data);
    recorder.onstop = () => {
      clearInterval(clock);
      stream.getTracks().forEach((track) => track.stop()); // the microphone's light goes out
      keep(new Blob(pieces, { type: recorder.mimeType })).catch(explain);
    };
    recorder.start();
    const began = performance.now();
    clock = setInterval(() => {
      const seconds = (performance.now() - began) / 1000;
      status.textContent = `Recording: ${seconds.toFixed(0)} s`;
      if (seconds >= model.get("longest")) {
        stop();
      }
    }, 200);
    status.textContent = "Recording: 0 s";
    button.textContent = "Stop";
    button.disabled = false;
  }

  function stop() {
    if (recorder.state === "recording") {
      button.disabled = true;
      recorder.stop();
    }
  }

  async function keep(blob) {
    const sound = await samples(blob, model.get("rate"));
    save(new DataView(sound.buffer));
    player.src = URL.createObjectURL(blob);
    player.style.display = "block";
    idle(`Recorded ${(sound.length / model.get("rate")).toFixed(1)} s`);
  }

  function save(bytes) {
    model.set("recorded", bytes);
    model.save_changes();
  }

  function explain(error) {
    idle(PROBLEMS[error.name] || `Recording failed (${error.name}): press Record again.`);
  }

  button.onclick = () => {
    if (button.textContent === "Stop") {
      stop();
    } else {
      start().catch(explain);
    }
  };
  idle("");

  return () => {
    // The cell was cleared or run again.
    clearInterval(clock);
    if (recorder && recorder.state === "recording") {
      recorder.stop();
    }
  };
}

export default { render };
