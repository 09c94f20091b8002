// The lab within a notebook's cell: a frame that may run scripts and nothing else, which tells of its weights.
export default {
  render({ model, el }) {
    const frame = document.createElement('iframe');
    frame.sandbox = 'allow-scripts allow-downloads';
    frame.title = 'DeltaW lab';
    frame.style.cssText = `width: 100%; height: ${model.get('height')}px; border: 1px solid #8885; border-radius: 8px`;
    frame.srcdoc = model.get('page');
    const hear = ({ source, data }) => {
      if (source !== frame.contentWindow || data?.deltaw !== 'state') return;
      model.set('weights', new DataView(data.weights));
      model.set('settings', data.settings);
      model.set('told', data.told);
      model.save_changes();
    };
    window.addEventListener('message', hear);
    el.append(frame);
    return () => window.removeEventListener('message', hear);
  },
};
